//! What the journeys and contracts have in common.
