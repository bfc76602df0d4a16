//! One photograph to be enrolled, which is checked before it is copied into the gallery's folder.

use std::path::{Path, PathBuf};

use limen_core::embedding::Embedding;
use limen_core::people::PhotoDigest;
use limen_core::person::printable_path;
use limen_files::{Trust, read_trusted};
use limen_vision::analyst::Analyst;
use limen_vision::pixels::photograph::PhotographError;
use limen_vision::pixels::photograph::photograph_from_bytes;

use crate::cli::outcome::CommandError;
use crate::enrol::{only_face, template_of};
use crate::gallery::PhotoTemplate;
use crate::gallery::assembly::MAX_PHOTO_BYTES;

/// A checked photograph, ready to be put into the gallery's folder.
pub(super) struct CheckedPhoto {
    content: Content,
    pub extension: &'static str,
    /// Its name in messages.
    pub source: String,
    /// Its name, if it is already in the gallery's folder.
    pub in_place: Option<String>,
    pub digest: PhotoDigest,
    pub template: PhotoTemplate,
}

/// Where the bytes are. A folder may have more photographs than fit into memory, so files are read again.
enum Content {
    Taken(Vec<u8>),
    File(PathBuf),
}

impl CheckedPhoto {
    /// Checks the photograph in a file; `home` is the gallery's folder.
    pub fn file(analyst: &Analyst, photo: &Path, home: &Path) -> Result<Self, CommandError> {
        let source = printable_path(photo);
        let bytes = match read_trusted(photo, MAX_PHOTO_BYTES, Trust::Anyone) {
            Err(error) if error.is_missing() => return Err(PhotographError::Missing { file: source }.into()),
            read => read?,
        };
        let in_place = match (photo.canonicalize(), home.canonicalize()) {
            (Ok(photo), Ok(home)) => photo.strip_prefix(home).ok().and_then(Path::to_str).map(str::to_owned),
            _ => None,
        };
        let checked = Self::look_at(analyst, &bytes, source, Content::File(photo.to_owned()))?;
        Ok(Self { in_place, ..checked })
    }

    /// Checks a picture from the camera, as the JPEG that the daemon will read.
    pub fn taken(analyst: &Analyst, jpeg: Vec<u8>, source: String) -> Result<Self, CommandError> {
        let looked_at = Self::look_at(analyst, &jpeg, source, Content::Taken(Vec::new()))?;
        Ok(Self { content: Content::Taken(jpeg), ..looked_at })
    }

    fn look_at(
        analyst: &Analyst,
        bytes: &[u8],
        source: String,
        content: Content,
    ) -> Result<Self, CommandError> {
        let picture = photograph_from_bytes(bytes, &source)?;
        let face = only_face(analyst.faces(&picture)?)
            .map_err(|why| CommandError::Device(format!("{source}: {why}")))?;
        let extension = if bytes.starts_with(b"\x89PNG") { "png" } else { "jpg" };
        let (digest, template) = (PhotoDigest::of(bytes), template_of(face));
        Ok(Self { content, extension, source, in_place: None, digest, template })
    }

    /// The embedding by which its face is compared.
    pub fn sample(&self) -> Embedding {
        // Both crops come from one network, so the mean exists.
        self.template.sample().unwrap_or_else(|| self.template.plain.clone())
    }

    /// Its bytes.
    ///
    /// # Errors
    /// The file cannot be read, or was changed after the check.
    pub fn bytes(&self) -> Result<Vec<u8>, CommandError> {
        let bytes = match &self.content {
            Content::Taken(bytes) => bytes.clone(),
            Content::File(path) => read_trusted(path, MAX_PHOTO_BYTES, Trust::Anyone)?,
        };
        if PhotoDigest::of(&bytes) != self.digest {
            let what = format!("{}: was changed during the check; enrol again", self.source);
            return Err(CommandError::Device(what));
        }
        Ok(bytes)
    }
}
