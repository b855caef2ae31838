//! Saves settings as a window does: ten requests, one after the other, under the name that is the second argument, into
//! the file that is the first. It exits with 1 when one can't be saved.

use std::process::ExitCode;

use porthole_app::settings::{Settings, SettingsFile};
use porthole_http::exchange::Request;
use porthole_sdk::draft::{Draft, SavedDraft};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, name] = arguments.as_slice() else { return ExitCode::FAILURE };
    let file = SettingsFile::new(path.into());
    for number in 0..10 {
        let request = Draft::Request(Request::new("GET", format!("/{number}")));
        let saved = vec![SavedDraft { name: format!("{name}-{number}"), composed: request, folder: None }];
        if let Err(error) = file.save(&Settings::default(), &Settings { saved, ..Settings::default() }) {
            eprintln!("{error}: {:?}", error.detail);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
