//! Follows one of the measured paths as often as it is told to: what each costs in instructions is in `tests/budgets.rs`.

mod paths;

fn main() -> paths::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", socket] => paths::serve(socket.as_ref()),
        [name, times] => paths::follow(name, times.parse()?),
        _ => Err("usage: porthole-budgets PATH TIMES".into()),
    }
}
