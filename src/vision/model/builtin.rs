//! The files of `models/` that are compiled into the binary.

/// `models/manifest.toml`.
pub const MANIFEST: &str = include_str!("../../../models/manifest.toml");

/// The bytes of a compiled-in model, by its file name in the manifest.
pub fn builtin_file(name: &str) -> Option<&'static [u8]> {
    match name {
        "embedding-int8.onnx" => Some(include_bytes!("../../../models/embedding-int8.onnx")),
        "detector.onnx" => Some(include_bytes!("../../../models/detector.onnx")),
        "landmarks.onnx" => Some(include_bytes!("../../../models/landmarks.onnx")),
        "cohort.bin" => Some(include_bytes!("../../../models/cohort.bin")),
        _ => None,
    }
}
