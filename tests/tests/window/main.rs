//! The real window, used as a person uses it.

mod args;
mod container;
mod first_start;
mod impatient;
mod keyboard;
mod leaving;
mod odd;
mod reload;
mod remembered;
mod safe;
mod states;
