//! The outside world behind the ports: AWS, Column, Plaid, and their in-memory twins.
