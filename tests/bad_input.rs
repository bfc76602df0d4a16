//! What people hand in by mistake: one clear error that names the thing and the remedy, never a panic.
//!
//! The parsers' own tests have the finer cases: `camera::photograph`, `camera::pixels`, `camera::jpeg`,
//! `config`, `gallery::roster`, `gallery::store`.

use std::path::Path;

use limen_core::clock::Moment;
use limen_vision::frame::{Frame, Orientation, Picture, PixelFormat};
use limen_vision::pixels::decode::decode;
use limen_vision::pixels::encode::encode_jpeg;

use crate::support::{Ran, Site, limen, nobody, photo, visitor};

fn verify_against_obama(file: &Path) -> Ran {
    limen([std::ffi::OsStr::new("verify"), file.as_ref(), photo("obama").as_ref()])
}

/// The photograph is refused with exit code 3, its name and these words.
fn refused(site: &Site, name: &str, contents: &[u8], words: &str) {
    let file = site.write(name, contents);
    let ran = verify_against_obama(&file);
    assert_eq!(ran.code, 3, "{name}: {}", ran.err);
    assert!(ran.err.contains(name) && ran.err.contains(words), "{name}: {}", ran.err);
    assert!(!ran.err.contains("panicked"), "{name}: {}", ran.err);
}

fn side_by_side(left: &Picture, right: &Picture) -> Picture {
    let width = left.width() + right.width();
    Picture::from_fn(width, left.height().max(right.height()), |x, y| {
        let (picture, x) = if x < left.width() { (left, x) } else { (right, x - left.width()) };
        picture.pixel(i64::from(x), i64::from(y))
    })
}

#[test]
fn files_that_are_no_photographs_are_refused_by_name() {
    let site = Site::empty();
    let jpeg = std::fs::read(photo("obama")).expect("committed");
    refused(&site, "empty.jpg", b"", "the file is empty");
    refused(&site, "text.jpg", b"hello, this is text", "save it as JPEG or PNG");
    refused(&site, "moving.gif", b"GIF89a\x01\x00\x01\x00", "GIF");
    refused(&site, "cut.jpg", &jpeg[..jpeg.len() / 2], "cut off before its end");
    let mut noise = jpeg.clone();
    noise.truncate(300);
    noise.extend((0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8));
    let file = site.write("noise.jpg", noise);
    assert_eq!(verify_against_obama(&file).code, 3);
}

#[test]
fn a_photograph_without_a_face_or_with_two_is_refused_with_the_remedy() {
    let site = Site::empty();
    let without = encode_jpeg(&nobody()).expect("encoded");
    refused(&site, "hallway.jpg", &without, "no face was found");
    let two = encode_jpeg(&side_by_side(&visitor("obama"), &visitor("biden"))).expect("encoded");
    refused(&site, "couple.jpg", &two, "2 faces were found; cut the photograph");
}

#[test]
fn every_truncation_of_a_camera_frame_is_a_dropped_frame() {
    let bytes = encode_jpeg(&nobody()).expect("encoded");
    for cut in (0..bytes.len()).step_by(97) {
        let frame = Frame {
            format: PixelFormat::Mjpeg,
            width: 640,
            height: 480,
            stride: 0,
            bytes: bytes[..cut].to_vec(),
            orientation: Orientation::UPRIGHT,
            taken: Moment::default(),
            sequence: 0,
        };
        assert!(decode(&frame).is_err(), "cut at {cut}");
    }
}

#[test]
fn every_mistake_in_a_gallery_is_listed_with_its_line() {
    let site = Site::empty();
    site.write(
        "gallery.toml",
        "[[person]]\nid = \"Ada\"\nname = \"Ada\"\nphotos = []\nage = 36\n\
         [[person]]\nid = \"bob\"\nname = 7\nphotos = [\"../bob.jpg\"]\n",
    );
    let ran = site.limen(&["identify", photo("obama").to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 2);
    for place in ["gallery.toml:2:", "gallery.toml:5:", "gallery.toml:8:", "gallery.toml:9:"] {
        assert!(ran.err.contains(place), "{place}\n{}", ran.err);
    }
}

#[test]
fn a_second_person_of_the_same_id_is_refused() {
    let site = Site::with_obama();
    let ran = site.limen(&["enroll", "obama", "--name", "B", photo("obama2").to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("is enrolled already"), "{}", ran.err);
}
