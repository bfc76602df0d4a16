//! Prometheus' text format 0.0.4: families, each with its help, its type and its samples.

use std::fmt::Write as _;

use serde_json::Value;

/// What kind of metric a family is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, and begins anew when the daemon does.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Times by length.
    Histogram,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// The labels of a sample: names and values.
pub type Labels<'a> = Vec<(&'static str, &'a str)>;

/// The text of all families so far.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// Adds a family. A sample whose value is no number is left out; a family without samples is too.
    pub fn family<'a>(
        &mut self,
        name: &str,
        kind: Kind,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'a>, &'a Value)>,
    ) {
        let lines: String = samples
            .into_iter()
            .filter_map(|(labels, value)| Some(line(name, &labels, &number(value)?)))
            .collect();
        self.add(name, kind, help, &lines);
    }

    /// Adds a family with one sample without labels.
    pub fn single(&mut self, name: &str, kind: Kind, help: &str, value: &Value) {
        self.family(name, kind, help, [(Vec::new(), value)]);
    }

    /// Adds histograms, as [`Histogram::as_json`](crate::Histogram::as_json) tells them. One that is told otherwise is
    /// left out.
    pub fn histograms<'a>(
        &mut self,
        name: &str,
        help: &str,
        histograms: impl IntoIterator<Item = (Labels<'a>, &'a Value)>,
    ) {
        let lines: String =
            histograms.into_iter().filter_map(|(labels, told)| buckets(name, &labels, told)).collect();
        self.add(name, Kind::Histogram, help, &lines);
    }

    /// The whole text.
    pub fn into_text(self) -> String {
        self.text
    }

    fn add(&mut self, name: &str, kind: Kind, help: &str, lines: &str) {
        if !lines.is_empty() {
            let kind = kind.name();
            // Writing to a string never fails.
            let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}");
        }
    }
}

/// The lines of one histogram; `None` if it is not told as one.
fn buckets(name: &str, labels: &Labels, told: &Value) -> Option<String> {
    let bounds: Vec<f64> = told["le"].as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    let counts: Vec<u64> = told["counts"].as_array()?.iter().map(Value::as_u64).collect::<Option<_>>()?;
    if counts.len() != bounds.len() + 1 {
        return None;
    }
    let bounds = bounds.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
    let (mut text, mut total) = (String::new(), 0_u64);
    for (bound, count) in bounds.zip(counts) {
        total = total.saturating_add(count);
        let mut labels = labels.clone();
        labels.push(("le", &bound));
        text += &line(&format!("{name}_bucket"), &labels, &total.to_string());
    }
    text += &line(&format!("{name}_sum"), labels, &number(&told["sum"])?);
    text += &line(&format!("{name}_count"), labels, &total.to_string());
    Some(text)
}

fn line(name: &str, labels: &Labels, value: &str) -> String {
    let labels: Vec<String> =
        labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
    if labels.is_empty() {
        format!("{name} {value}\n")
    } else {
        format!("{name}{{{}}} {value}\n", labels.join(","))
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

/// A number, or yes and no as 1 and 0.
fn number(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(u8::from(*yes).to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_gauge(samples: &[(Labels, Value)]) -> String {
        let mut page = Page::default();
        let samples = samples.iter().map(|(labels, value)| (labels.clone(), value));
        page.family("door", Kind::Gauge, "A door.", samples);
        page.into_text()
    }

    #[test]
    fn a_family_is_its_help_its_type_and_its_samples() {
        let text =
            of_gauge(&[(vec![("mode", "normal"), ("by", "x")], json!(true)), (Vec::new(), json!(0.5))]);
        let expected = "# HELP door A door.\n# TYPE door gauge\ndoor{mode=\"normal\",by=\"x\"} 1\ndoor 0.5\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_no_number_is_left_out_and_a_family_without_samples_too() {
        assert_eq!(of_gauge(&[(Vec::new(), json!("4")), (Vec::new(), Value::Null)]), "");
        assert_eq!(of_gauge(&[]), "");
    }

    #[test]
    fn no_value_of_a_label_ends_its_line_or_its_quotes() {
        let text = of_gauge(&[(vec![("model", "a\"} 1\nb\\")], json!(1))]);
        assert!(text.ends_with("door{model=\"a\\\"} 1\\nb\\\\\"} 1\n"), "{text}");
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn the_buckets_of_a_histogram_are_added_up() {
        let mut page = Page::default();
        let told = json!({ "le": [0.01, 1.0], "counts": [2, 0, 1], "sum": 7.5 });
        page.histograms("took_seconds", "Times.", [(vec![("stage", "embed")], &told)]);
        let text = page.into_text();
        let samples: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            samples,
            [
                "took_seconds_bucket{stage=\"embed\",le=\"0.01\"} 2",
                "took_seconds_bucket{stage=\"embed\",le=\"1\"} 2",
                "took_seconds_bucket{stage=\"embed\",le=\"+Inf\"} 3",
                "took_seconds_sum{stage=\"embed\"} 7.5",
                "took_seconds_count{stage=\"embed\"} 3",
            ]
        );
    }

    #[test]
    fn what_is_told_otherwise_than_a_histogram_is_left_out() {
        for told in [
            Value::Null,
            json!({ "le": [1.0], "counts": [1], "sum": 1.0 }),
            json!({ "le": [1.0], "counts": [1, -1], "sum": 1.0 }),
            json!({ "le": ["1"], "counts": [1, 1], "sum": 1.0 }),
            json!({ "le": [1.0], "counts": [1, 1] }),
        ] {
            let mut page = Page::default();
            page.histograms("took_seconds", "Times.", [(Vec::new(), &told)]);
            assert_eq!(page.into_text(), "", "{told}");
        }
    }
}
