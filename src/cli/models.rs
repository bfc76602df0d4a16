//! `limen models`: lists, installs and chooses the network that makes embeddings.

use std::path::{Path, PathBuf};

use limen_core::person::{PersonId, printable_path};
use limen_files::Trust;
use limen_vision::matching::thresholds::ThresholdError;
use limen_vision::model::{EmbedderChoice, ManifestEntry, ModelName, Models, Pack, Packs};
use limen_vision::trial::try_out;
use serde_json::{Value, json};

use super::context::CommandContext;
use super::demo::photographs::of_two_people;
use super::outcome::{CommandError, CommandOutcome, model_in_words};
use super::output::{BAD, FAINT, GOOD, note, say, say_json, styled};
use crate::config::Settings;
use crate::config::edit::set_model;
use crate::daemon::make_folder;
use crate::diagnostics::misread;
use crate::enrol::{Remake, remake};
use crate::pipeline::{Attempt, centred, is_measured, may_drive, scoring, thresholds};

/// The subcommands of `limen models`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the built-in and the installed networks; exit code 1 if one of them is broken
    ///
    /// With --json one object per network: name, source (built-in, installed, file), used (by the configuration),
    /// sha256, width, height, dimensions, metric (l2, cosine), trained, tables (error rates were measured),
    /// parts (of a concatenation: model and factor of each), problem. Of a broken network only name, source, used and
    /// problem are set; else problem is null. A concatenation has no width and height, a network no parts.
    List,
    /// Install a network of your own with the manifest that describes it, or a concatenation of two
    ///
    /// Both are checked first. A trained network must tell two people apart on built-in photographs, by the crop that its
    /// manifest names.
    ///
    /// With --json one object: installed (the name), sha256, trained, tables.
    Add {
        /// The ONNX file; a concatenation has none
        file: Option<PathBuf>,
        /// Its manifest with one [[model]] or [[concatenation]] entry; a cohort file that it names must be beside it
        #[arg(long, value_name = "FILE")]
        manifest: PathBuf,
    },
    /// Write a network's name into the configuration; a restart brings it into force
    ///
    /// With --json one object: model, restart (always true), to_make (photographs whose template is made
    /// again), without (ids of people who cannot enter before they have a photograph).
    Use {
        /// The name that `limen models` shows
        name: String,
    },
}

pub fn models(context: &CommandContext, command: Command) -> Result<CommandOutcome, CommandError> {
    match command {
        Command::List => list(context),
        Command::Add { file, manifest } => add(context, file.as_deref(), &manifest),
        Command::Use { name } => choose(context, &name),
    }
}

/// One network in the list.
struct ModelRow {
    name: String,
    source: &'static str,
    used: bool,
    facts: Result<ModelFacts, String>,
}

/// What a network is.
struct ModelFacts {
    entry: ManifestEntry,
    /// Whether it has error-rate tables.
    tables: bool,
    /// The networks of a concatenation with their factors; none of a network.
    parts: Vec<(String, f32)>,
}

fn list(context: &CommandContext) -> Result<CommandOutcome, CommandError> {
    let rows = rows(&context.settings()?)?;
    for row in &rows {
        if context.json { say_json(&row.to_json()) } else { say(&row.to_line()) }
    }
    Ok(CommandOutcome::of(rows.iter().all(|row| row.facts.is_ok())))
}

/// The built-in and the installed networks, and the configured one if it is none of them.
fn rows(settings: &Settings) -> Result<Vec<ModelRow>, CommandError> {
    let packs = settings.paths.packs();
    let mut rows: Vec<ModelRow> = Packs::built_in()?
        .into_iter()
        .map(|pack| ModelRow::new(pack.entry.name.clone(), "built-in", Ok(pack)))
        .collect();
    for name in packs.names()? {
        let pack = match ModelName::new(&name) {
            Some(name) => packs.read(&name).map_err(model_in_words),
            None => Err(format!("{}; rename its files", ModelName::RULE)),
        };
        rows.push(ModelRow::new(name, "installed", pack));
    }
    let configured = settings.model.pack().map_err(model_in_words);
    let (name, source) = match (&settings.model, &configured) {
        (EmbedderChoice::File { path, .. }, _) => (printable_path(path), "file"),
        (EmbedderChoice::Named { name, .. }, _) => (name.to_string(), "installed"),
        (EmbedderChoice::BuiltIn, Ok(pack)) => (pack.entry.name.clone(), "built-in"),
        (EmbedderChoice::BuiltIn, Err(_)) => ("int8".to_owned(), "built-in"),
    };
    match rows.iter_mut().find(|row| row.name == name) {
        Some(row) => row.used = true,
        None => rows.push(ModelRow { used: true, ..ModelRow::new(name, source, configured) }),
    }
    Ok(rows)
}

impl ModelRow {
    fn new(name: String, source: &'static str, pack: Result<Pack, String>) -> Self {
        let facts = pack.and_then(|pack| {
            let manifest = PathBuf::from(format!("{name}.toml"));
            let tables = has_tables(&pack, &manifest).map_err(|error| error.to_string())?;
            let parts = pack.parts.into_iter().map(|part| (part.pack.entry.name, part.factor)).collect();
            Ok(ModelFacts { entry: pack.entry, tables, parts })
        });
        Self { name, source, used: false, facts }
    }

    fn to_json(&self) -> Value {
        let facts = self.facts.as_ref().ok();
        let entry = facts.map(|facts| &facts.entry);
        let one = facts.filter(|facts| facts.parts.is_empty()).map(|facts| facts.entry.input_size());
        let part = |(model, factor): &(String, f32)| json!({ "model": model, "factor": factor });
        let parts = facts.filter(|facts| !facts.parts.is_empty()).map(|facts| facts.parts.iter().map(part));
        json!({
            "name": self.name,
            "source": self.source,
            "used": self.used,
            "sha256": entry.map(|entry| entry.digest.to_string()),
            "width": one.map(|(width, _)| width),
            "height": one.map(|(_, height)| height),
            "dimensions": entry.map(ManifestEntry::dimensions),
            "metric": entry.map(|entry| entry.metric.name()),
            "trained": entry.map(|entry| entry.trained),
            "tables": facts.map(|facts| facts.tables),
            "parts": parts.map(Iterator::collect::<Vec<Value>>),
            "problem": self.facts.as_ref().err(),
        })
    }

    fn to_line(&self) -> String {
        let name = limen_core::person::printable(&self.name, 80);
        let used = if self.used { styled(GOOD, "  in use", 0) } else { String::new() };
        match &self.facts {
            Err(what) => format!("{name:<20} {}: {what}{used}", styled(BAD, "broken", 0)),
            Ok(ModelFacts { entry, tables, parts }) => {
                let (width, height) = entry.input_size();
                let size = if parts.is_empty() { format!("{width}x{height}") } else { "joined".to_owned() };
                let trained = if entry.trained { "trained" } else { "untrained" };
                let tables = if *tables { "tables" } else { "no tables" };
                format!(
                    "{name:<20} {}  {size:<7} {:>4} numbers  {:<6}  {trained:<9}  {tables:<9}  {}{used}",
                    entry.digest.short(),
                    entry.dimensions(),
                    entry.metric.name(),
                    styled(FAINT, self.source, 9),
                )
            }
        }
    }
}

fn add(
    context: &CommandContext,
    file: Option<&Path>,
    manifest: &Path,
) -> Result<CommandOutcome, CommandError> {
    let settings = context.settings()?;
    let pack = match file {
        Some(file) => Pack::read(file, manifest, Trust::Anyone)?,
        None => settings.paths.packs().read_concatenation(manifest, Trust::Anyone)?,
    };
    let models = Models::with(&pack)?;
    try_out(&models, &of_two_people()?)?;
    let ManifestEntry { name, digest, trained, .. } = &pack.entry;
    let tables = has_tables(&pack, manifest)?;
    centred(&pack.entry, pack.cohort.as_deref())?;
    make_folder(&settings.paths.state)?;
    settings.paths.packs().install(&pack)?;
    if context.json {
        let sha256 = digest.to_string();
        say_json(&json!({ "installed": name, "sha256": sha256, "trained": trained, "tables": tables }));
    } else {
        say(&format!("{name} {} is installed; `limen models use {name}` chooses it", digest.short()));
    }
    if !trained {
        note("it is untrained: it cannot tell people apart and never drives a lock");
    }
    if !tables {
        note(
            "it has no error-rate tables: it needs [recognition] max-distance, whose error rate is not known",
        );
    }
    Ok(CommandOutcome::Yes)
}

/// Whether the manifest of a pack, in the file `manifest`, has error-rate tables for its network.
fn has_tables(pack: &Pack, manifest: &Path) -> Result<bool, CommandError> {
    is_measured(&pack.manifest, &pack.entry).map_err(|error| match error {
        ThresholdError::Unreadable { message, at } => {
            CommandError::Usage(misread(manifest, &pack.manifest, &message, at).to_string())
        }
        error => error.into(),
    })
}

fn choose(context: &CommandContext, name: &str) -> Result<CommandOutcome, CommandError> {
    let settings = context.trusted_settings()?;
    let choice = EmbedderChoice::named(name, settings.paths.packs()).ok_or_else(|| {
        let name = limen_core::person::printable(name, 80);
        CommandError::Usage(format!("\"{name}\" {}; `limen models` lists the names", ModelName::RULE))
    })?;
    let models = Models::load(&choice)?;
    may_drive(&settings, models.embedder.entry())?;
    let scoring = scoring(&settings.recognition, &models)?;
    thresholds(&settings.recognition, &models, &scoring, Attempt::Track)?;
    set_model(context.config_file(), name)?;
    let ahead = remake(&context.gallery_source(&settings), models.digest());
    if context.json {
        let (to_make, without) = match &ahead {
            Ok(Remake { photographs, without }) => (Some(photographs), Some(PersonId::texts(without))),
            Err(_) => (None, None),
        };
        say_json(&json!({ "model": name, "restart": true, "to_make": to_make, "without": without }));
    } else {
        say(&format!("{name} is configured; systemctl restart limen brings it into force"));
    }
    match ahead {
        Ok(ahead) if !context.json => tell(&ahead),
        Ok(_) => {}
        Err(error) => note(&format!("the consequences for the gallery are not known:\n{error}")),
    }
    Ok(CommandOutcome::Yes)
}

fn tell(ahead: &Remake) {
    match ahead.photographs {
        0 => say("every photograph has its template already"),
        1 => say("1 template is made again from its photograph at the start"),
        n => say(&format!("{n} templates are made again from their photographs at the start")),
    }
    for person in &ahead.without {
        note(&format!(
            "{person} cannot enter: no photograph, and the embeddings in the gallery file or the store are of \
             another model; add photographs: limen enroll {person} PHOTO"
        ));
    }
}
