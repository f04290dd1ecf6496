//! Requests that nobody honest sends, over real sockets: each is refused as a problem, or closed where it never became a request; none
//! is answered 5xx, and the stack serves on.
#![cfg(test)]

mod bodies;
mod heads;
mod ids;
mod slow;
mod socket;
