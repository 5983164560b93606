//! The whole, from outside: drives the built binary as a user would.
