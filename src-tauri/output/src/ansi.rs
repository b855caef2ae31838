//! Terminal codes that say how letters look: the parameters of `ESC [ … m`.

use super::facts::{Colour, Emphasis, Styled};

/// How letters look now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SgrState {
    fg: Option<Colour>,
    bg: Option<Colour>,
    reversed: bool,
    emphasis: Vec<Emphasis>,
}

impl SgrState {
    /// Follows the parameters of `ESC [ … m`. What it does not know it passes over.
    pub fn follow(&mut self, parameters: &[u8]) {
        if !parameters.iter().all(|byte| byte.is_ascii_digit() || b";:".contains(byte)) {
            return;
        }
        let mut codes = parameters.split(|byte| *byte == b';').map(|part| part.split(|byte| *byte == b':'));
        while let Some(mut part) = codes.next() {
            let code = part.next().map_or(0, number);
            match code {
                0 => *self = Self::default(),
                1 => self.set(Emphasis::Bold),
                2 => self.set(Emphasis::Dim),
                3 => self.set(Emphasis::Italic),
                // `4:0` is no underline; the other forms after a colon are its kinds.
                4 if part.next().map(number) == Some(0) => self.unset(&[Emphasis::Underline]),
                4 | 21 => self.set(Emphasis::Underline),
                7 => self.reversed = true,
                9 => self.set(Emphasis::Strike),
                22 => self.unset(&[Emphasis::Bold, Emphasis::Dim]),
                23 => self.unset(&[Emphasis::Italic]),
                24 => self.unset(&[Emphasis::Underline]),
                27 => self.reversed = false,
                29 => self.unset(&[Emphasis::Strike]),
                30..=37 => self.fg = Some(Colour::Named { index: (code - 30) as u8 }),
                39 => self.fg = None,
                40..=47 => self.bg = Some(Colour::Named { index: (code - 40) as u8 }),
                49 => self.bg = None,
                90..=97 => self.fg = Some(Colour::Named { index: (code - 90 + 8) as u8 }),
                100..=107 => self.bg = Some(Colour::Named { index: (code - 100 + 8) as u8 }),
                38 | 48 => {
                    // `38:2::r:g:b` in one part, or `38;2;r;g;b` in several.
                    let inner: Vec<u32> = part.filter(|value| !value.is_empty()).map(number).collect();
                    let colour = if inner.is_empty() {
                        let mut next = || codes.next().and_then(|mut part| part.next()).map(number);
                        match next() {
                            Some(5) => next().map(palette),
                            Some(2) => Some(exact(next(), next(), next())),
                            _ => None,
                        }
                    } else {
                        match inner[..] {
                            [5, index, ..] => Some(palette(index)),
                            [2, r, g, b] | [2, _, r, g, b, ..] => Some(exact(Some(r), Some(g), Some(b))),
                            _ => None,
                        }
                    };
                    match code {
                        38 => self.fg = colour.or(self.fg),
                        _ => self.bg = colour.or(self.bg),
                    }
                }
                _ => {}
            }
        }
    }

    fn set(&mut self, emphasis: Emphasis) {
        if !self.emphasis.contains(&emphasis) {
            self.emphasis.push(emphasis);
            self.emphasis.sort_unstable();
        }
    }

    fn unset(&mut self, off: &[Emphasis]) {
        self.emphasis.retain(|emphasis| !off.contains(emphasis));
    }

    /// As a part of a line, unless letters look as always.
    pub fn styled(&self, from: u32, to: u32) -> Option<Styled> {
        if from == to || *self == Self::default() {
            return None;
        }
        let (fg, bg) = if self.reversed {
            (Some(self.bg.unwrap_or(Colour::Reversed)), Some(self.fg.unwrap_or(Colour::Reversed)))
        } else {
            (self.fg, self.bg)
        };
        Some(Styled { from, to, fg, bg, emphasis: self.emphasis.clone() })
    }
}

/// A number as terminals read it: nothing is 0, and one that is too large is only large.
fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |number: u32, digit| number.saturating_mul(10).saturating_add(u32::from(digit & 0x0f)))
}

fn exact(r: Option<u32>, g: Option<u32>, b: Option<u32>) -> Colour {
    let byte = |value: Option<u32>| value.unwrap_or_default().min(255) as u8;
    Colour::Exact { rgb: (byte(r), byte(g), byte(b)) }
}

/// The 256 colours of xterm: sixteen of the theme, a cube of six steps a side, and greys.
fn palette(index: u32) -> Colour {
    let index = index.min(255) as u8;
    let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    match index {
        0..=15 => Colour::Named { index },
        16..=231 => {
            let cube = index - 16;
            Colour::Exact { rgb: (step(cube / 36), step(cube / 6 % 6), step(cube % 6)) }
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            Colour::Exact { rgb: (grey, grey, grey) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(codes: &str) -> Option<Styled> {
        let mut sgr = SgrState::default();
        sgr.follow(codes.as_bytes());
        sgr.styled(0, 1)
    }

    fn styled(fg: Option<Colour>, bg: Option<Colour>, emphasis: &[Emphasis]) -> Option<Styled> {
        Some(Styled { from: 0, to: 1, fg, bg, emphasis: emphasis.to_vec() })
    }

    #[test]
    fn looks_are_those_that_a_terminal_has() {
        let named = |index| Some(Colour::Named { index });
        let rgb = |r, g, b| Some(Colour::Exact { rgb: (r, g, b) });
        assert_eq!(after("31"), styled(named(1), None, &[]));
        assert_eq!(after("1;97;44"), styled(named(15), named(4), &[Emphasis::Bold]));
        assert_eq!(after("38;5;9"), styled(named(9), None, &[]));
        assert_eq!(after("38;5;196;1"), styled(rgb(255, 0, 0), None, &[Emphasis::Bold]));
        assert_eq!(after("48;5;244"), styled(None, rgb(128, 128, 128), &[]));
        assert_eq!(after("38;2;1;2;300"), styled(rgb(1, 2, 255), None, &[]));
        assert_eq!(after("38:2::1:2:3"), styled(rgb(1, 2, 3), None, &[]));
        assert_eq!(after("7;31"), styled(Some(Colour::Reversed), named(1), &[]));
        assert_eq!(after("4:3;9;24"), styled(None, None, &[Emphasis::Strike]));
        for nothing in ["", "0", "1;31;0", "31;39", "1;22", "7;27", "73", "38", "38;5", "38;9;1;39"] {
            assert_eq!(after(nothing).and_then(|styled| styled.fg.or(styled.bg)), None, "{nothing}");
        }
    }
}
