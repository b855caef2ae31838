//! Permissions: which calls of code run without a prompt, which wait for the user, and which are only recorded.
//!
//! A call is *proposed*: it is planned once, for the target of that moment, with the program that it would start. What
//! the user approves is that planned call, by its number. It is never planned again, and never compared.

mod granted;
mod grants;
mod listener_check;
mod pending;
mod policy;
mod store;

pub use grants::GrantedContent;
pub use pending::{Gate, PendingEnd, Proposed, ProposedState};
