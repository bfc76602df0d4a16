//! The files of `models/` that are compiled into the program.

/// The text of `models/manifest.toml`, which describes the built-in networks.
pub const MANIFEST: &str = include_str!("../../../../models/manifest.toml");

/// The other files, by their names in the manifest.
static FILES: [(&str, &[u8]); 5] = [
    ("embedding-int8.onnx", include_bytes!("../../../../models/embedding-int8.onnx")),
    ("mobilefacenet.onnx", include_bytes!("../../../../models/mobilefacenet.onnx")),
    ("detector.onnx", include_bytes!("../../../../models/detector.onnx")),
    ("landmarks.onnx", include_bytes!("../../../../models/landmarks.onnx")),
    ("cohort.bin", include_bytes!("../../../../models/cohort.bin")),
];

/// The bytes of a compiled-in file, by its name in the manifest.
pub fn builtin_file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// Frees the memory pages of the files. What was made from them stays; if the files are read again, they come
/// from the program's file. The kernel frees whole pages, of 4 to 64 KiB.
pub fn let_go_of_files() {
    const PAGE: usize = 64 << 10;
    for (_, bytes) in &FILES {
        let skip = bytes.as_ptr().align_offset(PAGE);
        let pages = bytes.get(skip..).unwrap_or_default();
        // SAFETY: these are whole pages of a constant that nothing can have written. If they are read again,
        // they come from the file. If this fails, the memory stays in use, which does no harm.
        unsafe {
            libc::madvise(pages.as_ptr().cast_mut().cast(), pages.len() / PAGE * PAGE, libc::MADV_DONTNEED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Manifest;
    use limen_core::embedding::ModelDigest;

    #[test]
    fn what_was_let_go_is_still_what_it_was() {
        let manifest = Manifest::built_in().expect("a manifest");
        let entries =
            || manifest.entries().iter().filter_map(|entry| Some((entry, builtin_file(&entry.file)?)));
        assert!(entries().count() >= 3);
        for _ in 0..2 {
            assert!(entries().all(|(entry, bytes)| ModelDigest::of(bytes) == entry.digest));
            let_go_of_files();
        }
    }
}
