//! Content codings of a body: `gzip`, `deflate`, `br` and `zstd`, undone while it arrives. Wherever the input is cut, what
//! comes out is the same, also of a damaged body (but for the last command of a damaged `br` body).

mod brotli;
mod deflate;
mod gzip;
mod zstd;

use porthole_base::error::{Code, Error, Result};

use self::{brotli::Brotli, deflate::Deflate, gzip::Gzip, zstd::Zstd};

/// Codings on top of each other that are undone. No server applies more than two.
const MOST_CODINGS: usize = 4;
/// Decoded bytes that are handed on at once.
const PIECE: usize = 64 * 1024;

/// A coding that can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or RFC 1951 without a header.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// The name in `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// What files in this format usually end in; nothing usual for `deflate`.
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Self::Gzip => Some("gz"),
            Self::Deflate => None,
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zst"),
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        match name {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" | "x-deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The codings of these names, in the order in which they were applied.
    ///
    /// # Errors
    /// [`Code::CodingUnsupported`] for another coding, or too many.
    pub fn of_names(names: &[String]) -> Result<Vec<Self>> {
        if names.len() > MOST_CODINGS {
            return Err(Error::new(
                Code::CodingUnsupported,
                format!("Shown as sent: more than {MOST_CODINGS} content encodings aren't decoded"),
            ));
        }
        let unsupported = |name: &str| {
            Error::new(Code::CodingUnsupported, format!("Shown as sent: Content-Encoding `{name}` isn't supported"))
                .hint("Porthole decodes gzip, deflate, br and zstd.")
        };
        names.iter().map(|name| Self::of_name(name).ok_or_else(|| unsupported(name))).collect()
    }
}

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// It doesn't begin as the format does.
    Format,
    /// It is damaged.
    Damaged,
    /// It decodes, but to something else than was compressed.
    Checksum,
    /// It ends too early.
    Truncated,
    /// Something else follows its end.
    Trailing,
}

/// Why decoding stopped.
#[derive(Debug)]
pub enum Halt {
    /// The body is broken.
    Broken {
        /// In this coding.
        coding: Coding,
        /// In this way.
        broken: Broken,
    },
    /// The sink takes no more.
    Refused(Error),
}

impl Halt {
    /// The same as an error to show.
    pub fn into_error(self) -> Error {
        let (coding, broken) = match self {
            Self::Refused(error) => return error,
            Self::Broken { coding, broken } => (coding.name(), broken),
        };
        let message = match broken {
            Broken::Format => format!("The body isn't {coding} data, although Content-Encoding says so"),
            Broken::Damaged => format!("The {coding} data is damaged"),
            Broken::Checksum => format!("The checksum of the {coding} data doesn't match"),
            Broken::Truncated => format!("The {coding} data ends too early"),
            Broken::Trailing => format!("Other bytes follow the end of the {coding} data"),
        };
        Error::new(Code::DecodingFailed, message)
    }
}

/// Takes what was decoded, piece by piece.
pub type Sink<'a> = &'a mut dyn FnMut(&[u8]) -> Result<()>;
type Next<'a> = &'a mut dyn FnMut(&[u8]) -> std::result::Result<(), Halt>;

/// Undoes the codings of one body.
#[derive(Debug)]
pub struct Decoder {
    /// The last one that was applied is undone first.
    stages: Vec<Stage>,
}

#[derive(Debug)]
struct Stage {
    coding: Coding,
    format: Format,
}

#[derive(Debug)]
enum Format {
    Gzip(Gzip),
    Deflate(Deflate),
    Brotli(Box<Brotli>),
    Zstd(Zstd),
}

impl Decoder {
    /// One that has seen nothing yet.
    ///
    /// # Errors
    /// [`Code::Internal`] when there is no memory for it.
    pub fn new(codings: &[Coding]) -> Result<Self> {
        let stage = |coding: &Coding| {
            let format = match coding {
                Coding::Gzip => Format::Gzip(Gzip::default()),
                Coding::Deflate => Format::Deflate(Deflate::default()),
                Coding::Brotli => Format::Brotli(Box::default()),
                Coding::Zstd => Format::Zstd(Zstd::new()?),
            };
            Ok(Stage { coding: *coding, format })
        };
        Ok(Self { stages: codings.iter().rev().map(stage).collect::<Result<_>>()? })
    }

    /// Decodes what came next.
    ///
    /// # Errors
    /// What is wrong with the body, or what the sink says. What was decoded before that went to the sink, and the decoder
    /// isn't used any more.
    pub fn push(&mut self, bytes: &[u8], sink: Sink<'_>) -> std::result::Result<(), Halt> {
        push(&mut self.stages, bytes, sink)
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// That it ends too early.
    pub fn end(&self) -> std::result::Result<(), Halt> {
        let open = self.stages.iter().find(|stage| !stage.is_whole());
        open.map_or(Ok(()), |stage| Err(Halt::Broken { coding: stage.coding, broken: Broken::Truncated }))
    }
}

fn push(stages: &mut [Stage], bytes: &[u8], sink: Sink<'_>) -> std::result::Result<(), Halt> {
    let Some((first, rest)) = stages.split_first_mut() else {
        return sink(bytes).map_err(Halt::Refused);
    };
    first.push(bytes, &mut |piece| push(rest, piece, sink))
}

impl Stage {
    fn push(&mut self, bytes: &[u8], next: Next<'_>) -> std::result::Result<(), Halt> {
        if bytes.is_empty() {
            return Ok(());
        }
        let pushed = match &mut self.format {
            Format::Gzip(gzip) => gzip.push(bytes, next),
            Format::Deflate(deflate) => deflate.push(bytes, next),
            Format::Brotli(brotli) => brotli.push(bytes, next),
            Format::Zstd(zstd) => zstd.push(bytes, next),
        };
        pushed.map_err(|stop| match stop {
            Stop::Here(broken) => Halt::Broken { coding: self.coding, broken },
            Stop::Next(halt) => halt,
        })
    }

    /// Whether the body may end here.
    fn is_whole(&self) -> bool {
        match &self.format {
            Format::Gzip(gzip) => gzip.is_whole(),
            Format::Deflate(deflate) => deflate.is_whole(),
            Format::Brotli(brotli) => brotli.is_whole(),
            Format::Zstd(zstd) => zstd.is_whole(),
        }
    }
}

/// Why a stage stopped.
#[derive(Debug)]
enum Stop {
    /// Its input is broken.
    Here(Broken),
    /// What comes after it stopped.
    Next(Halt),
}

type Pushed<T = ()> = std::result::Result<T, Stop>;

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Here(broken)
    }
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        Self::Next(halt)
    }
}

#[cfg(test)]
#[path = "coding_tests.rs"]
mod tests;
