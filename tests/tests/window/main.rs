//! The real window, used as a person uses it.

mod args;
mod conformance;
mod console;
mod container;
mod demo;
mod drawn;
mod engine;
mod first_start;
mod frozen;
mod hostile;
mod impatient;
mod keyboard;
mod leaving;
mod odd;
mod page;
mod page_calls;
mod page_real;
mod page_source;
mod reading;
mod received;
mod reload;
mod remembered;
mod safe;
mod searching;
mod size;
mod states;
