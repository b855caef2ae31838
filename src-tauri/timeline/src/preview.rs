//! A body as a picture or a page.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use porthole_base::error::Result;
use porthole_output::{BodyKind, Stream, View, image_type, is_svg};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{CallId, Timeline, aside};

/// The longest picture.
const LONGEST_IMAGE: u64 = 16_000_000;
/// The longest picture that is drawn by its description: how much work that is can't be told from its length.
const LONGEST_SVG: u64 = 1_000_000;
/// The longest page.
const LONGEST_PAGE: u64 = 2_000_000;
/// Points of a picture: each takes four bytes of the window's memory.
const MOST_PIXELS: u64 = 50_000_000;

/// A body to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[ts(optional_fields)]
pub enum Preview {
    /// A picture, whole.
    Image {
        /// By its content: `image/png`.
        media_type: String,
        /// Its size in pixels; absent for SVG.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        width: Option<u32>,
        /// The same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        height: Option<u32>,
        /// How many bytes it has.
        bytes: u64,
        /// The bytes in base64.
        data: String,
    },
    /// A page, whole.
    Page {
        /// Its text.
        html: String,
    },
    /// A document that another program shows.
    Document {
        /// How many bytes it has.
        bytes: u64,
    },
    /// It is longer than what is previewed.
    TooLong {
        /// How many bytes may be.
        most: u64,
    },
    /// A picture with more pixels than are previewed.
    TooLarge {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// How many pixels may be.
        most: u64,
    },
    /// It is no picture, or in no format that is previewed.
    Unknown,
}

impl Timeline {
    /// What of a Call's body is shown as a picture or a page.
    ///
    /// # Errors
    /// [`Code::CallNotFound`](porthole_base::error::Code::CallNotFound), and those of reading and decoding an output.
    pub async fn preview(&self, id: CallId) -> Result<Preview> {
        let shown = self.shown(id)?;
        let (_, kind) = self.shared.store().shown_as(id);
        aside(move || {
            let (view, most) = match kind {
                Some(BodyKind::Html) => (View::Stdout, LONGEST_PAGE),
                _ => (View::Hex, LONGEST_IMAGE),
            };
            // A bomb is not decoded further than it is shown.
            while shown.output(view).counts().stdout.bytes <= most && shown.catch_up(view)?.is_some() {}
            let bytes = shown.output(view).counts().stdout.bytes;
            if kind == Some(BodyKind::Pdf) {
                return Ok(Preview::Document { bytes });
            }
            if bytes > most {
                return Ok(Preview::TooLong { most });
            }
            let body = shown.output(view).read(Stream::Stdout, 0, bytes)?;
            Ok(match kind {
                Some(BodyKind::Html) => Preview::Page { html: String::from_utf8_lossy(&body).into_owned() },
                _ => image(&body),
            })
        })
        .await
    }
}

fn image(body: &[u8]) -> Preview {
    let bytes = body.len() as u64;
    if is_svg(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)) {
        if bytes > LONGEST_SVG {
            return Preview::TooLong { most: LONGEST_SVG };
        }
        let media_type = "image/svg+xml".to_owned();
        return Preview::Image { media_type, width: None, height: None, bytes, data: STANDARD.encode(body) };
    }
    let Some(media_type) = image_type(body) else { return Preview::Unknown };
    let Ok(size) = imagesize::blob_size(body) else { return Preview::Unknown };
    let (Ok(width), Ok(height)) = (u32::try_from(size.width), u32::try_from(size.height)) else {
        return Preview::Unknown;
    };
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Preview::TooLarge { width, height, most: MOST_PIXELS };
    }
    let (width, height) = (Some(width), Some(height));
    Preview::Image { media_type: media_type.to_owned(), width, height, bytes, data: STANDARD.encode(body) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", &size[..], b"\x08\x06\0\0\0"].concat()
    }

    #[test]
    fn a_picture_is_known_by_its_content_and_one_of_too_many_pixels_is_not_handed_over() {
        let Preview::Image { media_type, width, height, .. } = image(&png(640, 480)) else { panic!("no picture") };
        assert_eq!((media_type.as_str(), width, height), ("image/png", Some(640), Some(480)));
        let bomb = Preview::TooLarge { width: 60_000, height: 60_000, most: MOST_PIXELS };
        assert_eq!(image(&png(60_000, 60_000)), bomb);
        let Preview::Image { media_type, .. } = image(b"<svg xmlns='http://www.w3.org/2000/svg'/>") else {
            panic!("no picture")
        };
        assert_eq!(media_type, "image/svg+xml");
        let long = [b"<svg>".to_vec(), vec![b' '; 1_000_000]].concat();
        assert_eq!(image(&long), Preview::TooLong { most: LONGEST_SVG });
        for other in [&b"plain"[..], b"\x89PNG\r\n\x1a\n", b"", b"BM\0\0\0\0"] {
            assert_eq!(image(other), Preview::Unknown);
        }
    }
}
