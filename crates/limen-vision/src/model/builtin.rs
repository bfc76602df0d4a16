//! The files of `models/` that are compiled into the binary.

/// `models/manifest.toml`.
pub const MANIFEST: &str = include_str!("../../../../models/manifest.toml");

/// The others, by their names in the manifest.
static FILES: [(&str, &[u8]); 4] = [
    ("embedding-int8.onnx", include_bytes!("../../../../models/embedding-int8.onnx")),
    ("detector.onnx", include_bytes!("../../../../models/detector.onnx")),
    ("landmarks.onnx", include_bytes!("../../../../models/landmarks.onnx")),
    ("cohort.bin", include_bytes!("../../../../models/cohort.bin")),
];

/// The bytes of a compiled-in model, by its file name in the manifest.
pub fn builtin_file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// Gives back the memory in which the files lie: what was made of them stays, and whoever reads them again gets them
/// from the program's file. The least that the kernel can give back is a page, of 4 to 64 KiB.
pub fn let_go_of_files() {
    const PAGE: usize = 64 << 10;
    for (_, bytes) in &FILES {
        let skip = bytes.as_ptr().align_offset(PAGE);
        let pages = bytes.get(skip..).unwrap_or_default();
        // SAFETY: whole pages of a constant, which nothing can have written: read again, they are read from the file.
        // A failure is none of ours: the memory stays taken.
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
