//! Which charset the bytes of an output are in: as a header or the document says, by a byte order mark, or by their looks.

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GBK, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Bytes of a stream that are looked at.
pub const LOOKED_AT: usize = 4096;
/// Bytes of a document in which it may say what it is in, as browsers look for it.
const DECLARED_WITHIN: usize = 1024;

/// The charset that an output is shown in, where that isn't UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Charset {
    /// Its name in the Encoding Standard: `windows-1252`.
    pub name: String,
    /// How it is known.
    pub by: CharsetBy,
}

/// How the charset of an output is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CharsetBy {
    /// The response's `Content-Type` names it.
    Header,
    /// The output begins with a byte order mark.
    Bom,
    /// The document names it: in `<meta charset>` or its XML declaration.
    Document,
    /// Its bytes look like it.
    Looks,
    /// The user chose it.
    Chosen,
}

/// What is known of a text before it is decoded.
#[derive(Debug, Clone, Copy)]
pub struct Clues<'a> {
    /// The value of `Content-Type`.
    pub content_type: Option<&'a str>,
    /// How it begins: [`LOOKED_AT`] bytes at most.
    pub start: &'a [u8],
}

/// The encoding with this name or label: `latin1`, `GBK`, `utf-16`.
pub fn encoding(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.trim().as_bytes())
}

/// Which encoding a text is in, where it isn't UTF-8, and how that is known. A byte order mark counts more than what a
/// header says, as in browsers.
pub fn detect(clues: Clues<'_>) -> Option<(&'static Encoding, CharsetBy)> {
    detect_with(clues, &mut CharsetGuess::default())
}

/// The guess that was made last. It costs more than the rest, and each change of a call requests it.
#[derive(Debug, Default)]
pub(super) struct CharsetGuess {
    /// Of this many bytes.
    last: Option<(usize, Option<&'static Encoding>)>,
    #[cfg(test)]
    pub guesses: usize,
}

impl CharsetGuess {
    fn of(&mut self, start: &[u8]) -> Option<&'static Encoding> {
        if let Some((_, found)) = self.last.filter(|(length, _)| *length == start.len()) {
            return found;
        }
        #[cfg(test)]
        {
            self.guesses += 1;
        }
        let found = by_looks(start);
        self.last = Some((start.len(), found));
        found
    }
}

/// As [`detect`], with the guess that was made before of a start that only becomes longer.
pub(super) fn detect_with(clues: Clues<'_>, guess: &mut CharsetGuess) -> Option<(&'static Encoding, CharsetBy)> {
    let Clues { content_type, start } = clues;
    let not_utf8 = |encoding: &'static Encoding, by| (encoding != UTF_8).then_some((encoding, by));
    if let Some((encoding, _)) = Encoding::for_bom(start) {
        return not_utf8(encoding, CharsetBy::Bom);
    }
    if let Some(encoding) = content_type.and_then(in_content_type) {
        return not_utf8(encoding, CharsetBy::Header);
    }
    if let Some(encoding) = in_document(start) {
        return not_utf8(encoding, CharsetBy::Document);
    }
    guess.of(start).map(|encoding| (encoding, CharsetBy::Looks))
}

fn in_content_type(value: &str) -> Option<&'static Encoding> {
    let params = value.split(';').skip(1);
    params.filter_map(|param| param.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("charset").then(|| encoding(value.trim().trim_matches(['"', '\''])))?
    })
}

/// `<?xml encoding="…"?>`, or `charset=…` in a `<meta>`. A caller that reads that so far reads ASCII: it can't be
/// UTF-16.
fn in_document(start: &[u8]) -> Option<&'static Encoding> {
    let start = start[..start.len().min(DECLARED_WITHIN)].to_ascii_lowercase();
    let text = start.trim_ascii_start();
    let (from, name): (&[u8], &[u8]) = if text.starts_with(b"<?xml") {
        (&text[..memchr::memmem::find(text, b"?>")?], b"encoding")
    } else if text.starts_with(b"<") {
        (&text[memchr::memmem::find(text, b"<meta")?..], b"charset")
    } else {
        return None;
    };
    let at = memchr::memmem::find(from, name)? + name.len();
    let value = from[at..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let end = value.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-_:.".contains(byte));
    let found = encoding(std::str::from_utf8(&value[..end.unwrap_or(value.len())]).ok()?)?;
    (found != UTF_16LE && found != UTF_16BE).then_some(found)
}

/// Guesses, where the bytes leave little doubt. Bytes that are no text, and text with only a few wrong bytes, are in none.
fn by_looks(start: &[u8]) -> Option<&'static Encoding> {
    if let Some(encoding) = utf16_by_looks(start) {
        return Some(encoding);
    }
    let is_text = |byte: &u8| *byte >= 0x20 && *byte != 0x7f || b"\t\n\r\x0c\x1b".contains(byte);
    if start.is_ascii() || !start.iter().all(is_text) || is_mostly_utf8(start) {
        return None;
    }
    if is_latin1(start) {
        return Some(WINDOWS_1252);
    }
    // Kana and the common ideographs: what any text in these languages is full of.
    let kana = |c: char, _: u8| matches!(c, '\u{3041}'..='\u{30fe}');
    let hangul = |c: char, _: u8| matches!(c, '\u{ac00}'..='\u{d7a3}');
    let ideograph = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}');
    let chinese = |c: char, lead: u8| ideograph(c) && matches!(lead, 0xb0..=0xd7);
    let traditional = |c: char, lead: u8| ideograph(c) && matches!(lead, 0xa4..=0xc6);
    let candidates: [(&'static Encoding, Usual<'_>, usize); 5] = [
        (SHIFT_JIS, &kana, 25),
        (EUC_JP, &kana, 25),
        // Simplified Chinese has the same bytes, and others besides.
        (EUC_KR, &hangul, 98),
        (GBK, &chinese, 75),
        (BIG5, &traditional, 75),
    ];
    let found =
        candidates.into_iter().find(|(encoding, usual, share)| share_of(start, encoding, usual) >= Some(*share));
    found.map(|(encoding, ..)| encoding)
}

/// Whether a character is a usual one in a language, with its first byte where that says so.
type Usual<'a> = &'a dyn Fn(char, u8) -> bool;

/// Programs of Windows write UTF-16 into pipes without a mark: every other byte is zero where the text is in a Latin script.
fn utf16_by_looks(start: &[u8]) -> Option<&'static Encoding> {
    let pairs = start.as_chunks::<2>().0;
    if pairs.len() < 2 {
        return None;
    }
    let latin = |zero: u8, letter: u8| zero == 0 && (letter >= 0x20 && letter != 0x7f || b"\t\n\r".contains(&letter));
    let enough = |count: usize| count * 10 >= pairs.len() * 7;
    let little = pairs.iter().filter(|[low, high]| latin(*high, *low)).count();
    let big = pairs.iter().filter(|[high, low]| latin(*high, *low)).count();
    // A pair of zeros is in no text.
    if pairs.contains(&[0, 0]) {
        None
    } else if enough(little) {
        Some(UTF_16LE)
    } else if enough(big) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Whether there are as many characters of UTF-8 as there are wrong bytes.
fn is_mostly_utf8(start: &[u8]) -> bool {
    let (mut right, mut wrong) = (0, 0);
    let mut chunks = start.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        right += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        // The end may be in the middle of a character.
        let at_end = chunks.peek().is_none() && super::incomplete_tail(chunk.invalid()) > 0;
        wrong += if at_end { 0 } else { chunk.invalid().len() };
    }
    wrong == 0 || right >= wrong
}

/// Whether each byte beyond ASCII is one letter of a Western language beside letters of ASCII.
fn is_latin1(start: &[u8]) -> bool {
    let letter = |byte: u8| matches!(byte, 0xc0..=0xd6 | 0xd8..=0xf6 | 0xf8..=0xfe);
    start.iter().enumerate().filter(|(_, byte)| !byte.is_ascii()).all(|(at, byte)| {
        let before = at.checked_sub(1).map(|before| start[before]);
        let after = start.get(at + 1).copied();
        let ascii = |other: Option<u8>| other.is_some_and(|byte| byte.is_ascii_alphabetic());
        let beyond = |other: Option<u8>| other.is_some_and(|byte| !byte.is_ascii());
        letter(*byte) && (ascii(before) || ascii(after)) && !(beyond(before) && beyond(after))
    })
}

/// How many in a hundred of the characters beyond ASCII are usual ones; none when the bytes aren't in this encoding.
fn share_of(start: &[u8], encoding: &'static Encoding, usual: Usual<'_>) -> Option<usize> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(start.len())?);
    // A character may go on after the bytes that are looked at.
    let (result, _) = decoder.decode_to_string_without_replacement(start, &mut text, false);
    if !matches!(result, encoding_rs::DecoderResult::InputEmpty) {
        return None;
    }
    let beyond: Vec<char> = text.chars().filter(|c| !c.is_ascii()).collect();
    // Encoding a character again would search through a whole table.
    let leads = first_bytes(start, encoding).into_iter().chain(std::iter::repeat(0));
    let punctuation =
        |c: &char| matches!(c, '\u{3000}'..='\u{3020}' | '\u{ff01}'..='\u{ff20}' | '\u{2010}'..='\u{2026}');
    let counted = beyond.iter().filter(|c| !punctuation(c)).count();
    (counted >= 2).then(|| beyond.iter().zip(leads).filter(|(c, lead)| usual(**c, *lead)).count() * 100 / counted)
}

/// The first byte of each character beyond ASCII of a valid text in GBK or Big5; 0 for one whose bytes are not two.
fn first_bytes(text: &[u8], encoding: &'static Encoding) -> Vec<u8> {
    let mut found = Vec::new();
    let mut at = 0;
    if encoding != GBK && encoding != BIG5 {
        return found;
    }
    while let Some(lead) = text.get(at) {
        at += match (lead, text.get(at + 1)) {
            (0..=0x7f, _) => 1,
            (0x80, _) => {
                found.push(0);
                1
            }
            (_, Some(b'0'..=b'9')) if encoding == GBK => {
                found.push(0);
                4
            }
            // The four that are a letter and an accent.
            (0x88, Some(0x62 | 0x64 | 0xa3 | 0xa5)) if encoding == BIG5 => {
                found.extend([0, 0]);
                2
            }
            _ => {
                found.push(*lead);
                2
            }
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn looks(bytes: &[u8]) -> Option<&'static str> {
        detect(Clues { content_type: None, start: bytes }).map(|(encoding, _)| encoding.name())
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn a_mark_counts_more_than_a_header_and_a_header_more_than_the_document() {
        let of = |content_type: &str, start: &[u8]| {
            detect(Clues { content_type: Some(content_type), start }).map(|(encoding, by)| (encoding.name(), by))
        };
        use CharsetBy::*;
        assert_eq!(of("text/plain; charset=\"Shift_JIS\"", b"a"), Some(("Shift_JIS", Header)));
        assert_eq!(of("text/plain; q=1; CharSet = latin1", b""), Some(("windows-1252", Header)));
        assert_eq!(of("text/plain; charset=latin1", b"\xff\xfea\0"), Some(("UTF-16LE", Bom)));
        assert_eq!(of("text/plain; charset=latin1", b"\xef\xbb\xbfa"), None);
        assert_eq!(of("text/html; charset=utf-8", b"<meta charset=gbk>"), None);
        assert_eq!(of("text/html", b"<!doctype html><META CharSet='GBK'>"), Some(("GBK", Document)));
        let meta = b"<html><meta http-equiv=content-type content=\"text/html; charset=euc-kr\">";
        assert_eq!(of("text/html", meta), Some(("EUC-KR", Document)));
        assert_eq!(
            of("text/xml", b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"),
            Some(("windows-1252", Document))
        );
        assert_eq!(of("text/plain; charset=nonsense", b"a"), None);
    }

    #[test]
    fn what_programs_write_without_a_word_is_known_by_its_looks() {
        assert_eq!(looks(&utf16("Windows Subsystem for Linux\r\n", true)), Some("UTF-16LE"));
        assert_eq!(looks(&utf16("Übersicht\r\n", false)), Some("UTF-16BE"));
        assert_eq!(looks(b"caf\xe9 cr\xe8me\n"), Some("windows-1252"));
        let of = |encoding: &'static Encoding, text: &str| looks(&encoding.encode(text).0);
        assert_eq!(of(GBK, "文件不存在，请检查路径。"), Some("GBK"));
        assert_eq!(of(SHIFT_JIS, "指定されたファイルが見つかりません。"), Some("Shift_JIS"));
        assert_eq!(of(EUC_JP, "指定されたファイルが見つかりません。"), Some("EUC-JP"));
        assert_eq!(of(EUC_KR, "지정된 파일을 찾을 수 없습니다."), Some("EUC-KR"));
        assert_eq!(of(BIG5, "系統找不到指定的檔案。"), Some("Big5"));
    }

    #[test]
    fn utf8_and_bytes_that_are_no_text_stay_what_they_are() {
        for bytes in [
            &b"plain"[..],
            "Grüße 世界".as_bytes(),
            &"Grüße".as_bytes()[..4],
            "Grüße\u{ff}".as_bytes(),
            b"Gr\xc3\xbc\xc3\x9fe and one wrong byte \xff",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"a\0\0\0b\0\0\0",
            b"\xff",
            b"\x1b[31mred\xff\x1b[0m",
            b"\0a",
            b"",
        ] {
            assert_eq!(looks(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_guess_is_made_once_of_the_same_bytes() {
        let mut guess = CharsetGuess::default();
        let text = GBK.encode("文件不存在，请检查路径。").0;
        let mut detected = |length: usize| {
            let found = detect_with(Clues { content_type: None, start: &text[..length] }, &mut guess);
            (found.map(|(encoding, _)| encoding.name()), guess.guesses)
        };
        assert_eq!(detected(1), (None, 1));
        for _ in 0..100 {
            assert_eq!(detected(text.len()), (Some("GBK"), 2));
        }
    }

    /// Some characters are in Big5 twice, so what they are encoded to doesn't tell what they were decoded from.
    fn begins_with(c: char, lead: u8, encoding: &'static Encoding) -> bool {
        (0x40..=0xfe).any(|trail| {
            let bytes = [lead, trail];
            let decoded = encoding.decode_without_bom_handling_and_without_replacement(&bytes);
            decoded.is_some_and(|text| text.chars().eq([c]))
        })
    }

    #[test]
    fn a_character_that_is_in_big5_twice_has_the_first_byte_that_it_came_with() {
        let twice = [[0xb0, 0xb0], [0xfa, 0x66]];
        for bytes in &twice {
            assert_eq!(BIG5.decode_without_bom_handling_and_without_replacement(bytes).unwrap(), "偽");
            assert_eq!(first_bytes(bytes, BIG5), [bytes[0]]);
            assert!(begins_with('偽', bytes[0], BIG5));
        }
    }

    proptest! {
        #[test]
        fn each_character_has_its_first_byte(bytes in prop::collection::vec(any::<u8>(), 0..40), text in "[ -~一-龥é€]{0,20}") {
            for encoding in [GBK, BIG5] {
                // What can't be encoded becomes ASCII.
                for bytes in [&bytes[..], &*encoding.encode(&text).0] {
                    let Some(decoded) = encoding.decode_without_bom_handling_and_without_replacement(bytes) else { continue };
                    let beyond: Vec<char> = decoded.chars().filter(|c| !c.is_ascii()).collect();
                    let leads = first_bytes(bytes, encoding);
                    prop_assert_eq!(leads.len(), beyond.len());
                    let ideographs = beyond.into_iter().zip(leads).filter(|(c, _)| matches!(c, '\u{4e00}'..='\u{9fff}'));
                    for (c, lead) in ideographs.filter(|(_, lead)| *lead >= 0xa4) {
                        prop_assert!(begins_with(c, lead, encoding), "{} {}", c, lead);
                    }
                }
            }
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..200), header in ".{0,40}") {
            let _ = detect(Clues { content_type: Some(&header), start: &bytes });
            let _ = looks(&[b"<meta charset", &bytes[..]].concat());
        }

        #[test]
        fn valid_text_is_never_taken_for_something_else(text in "[ -~à-þぁ-ん一-龥가-힣]{0,60}") {
            prop_assert_eq!(looks(text.as_bytes()), None);
        }
    }
}
