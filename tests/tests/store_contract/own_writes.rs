//! A request whose answer was lost is sent again: the second try meets the first one's work and must know it for its own.
