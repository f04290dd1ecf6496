//! What the domain needs from the outside, as traits: nothing here knows which service stands behind one.
