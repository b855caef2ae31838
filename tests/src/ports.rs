//! Ports for the programs that the tests start.

use tokio::net::TcpSocket;

/// A port of 127.0.0.1 that the system gives nobody else while this value is there. Nothing listens on it until the
/// program that is told its number does.
pub struct Port(TcpSocket);

impl Default for Port {
    fn default() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // A program that sets the same option may listen beside a socket that is bound and doesn't listen.
        #[cfg(unix)]
        socket.set_reuseaddr(true).expect("an option");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        Self(socket)
    }
}

impl Port {
    /// Its number.
    pub fn number(&self) -> u16 {
        self.0.local_addr().expect("its address").port()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_port_is_kept_and_refuses_until_a_program_listens_on_it() {
        let port = Port::default();
        let others: Vec<Port> = (0..200).map(|_| Port::default()).collect();
        assert!(others.iter().all(|other| other.number() != port.number()));
        let address = ("127.0.0.1", port.number());
        assert!(TcpStream::connect(address).is_err());
        let _listener = TcpListener::bind(address).unwrap();
        TcpStream::connect(address).unwrap();
    }
}
