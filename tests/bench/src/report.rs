//! What came out: a file for programs, a table for people.

use std::{fmt::Write, fs, path::Path};

use serde::Serialize;

use crate::{
    context::Result,
    pairs::{Sides, median},
    plan::{Bench, Group},
};

/// One benchmark of the report.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    ours: Option<f64>,
    theirs: Option<f64>,
    unit: &'static str,
    /// Ours by theirs.
    ratio: Option<f64>,
    peer: &'static str,
    /// Why nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip)]
    bench: Bench,
    #[serde(skip)]
    sides: Sides,
}

/// All that was asked for, measured or not.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Adds those of a group's benchmarks that are asked for.
    pub fn add(&mut self, group: Group, names: &[&str], measured: Result<Vec<Sides>>) {
        let (sides, error) = match measured {
            Ok(sides) => (sides, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        for (n, bench) in group.benches().into_iter().enumerate().filter(|(_, bench)| names.contains(&bench.name)) {
            let sides = sides.get(n).cloned().unwrap_or_default();
            let (ours, theirs) = (median(&sides.ours), median(&sides.theirs));
            let ratio = ours.zip(theirs).map(|(ours, theirs)| ours / theirs);
            let nothing = || ours.is_none().then(|| "it gave no figure".to_owned());
            let error = error.clone().or_else(nothing);
            let Bench { name, unit, peer, .. } = bench;
            self.rows.push(Row { name, ours, theirs, unit, ratio, peer, error, bench, sides });
        }
    }

    /// Writes the file for programs.
    pub fn write(&self, path: &Path) -> Result<()> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        Ok(fs::write(path, serde_json::to_vec_pretty(&self.rows)?)?)
    }

    /// The table for people, and a line that counts.
    pub fn table(&self) -> String {
        let head = ["name", "ours (range)", "theirs (range)", "unit", "ratio", "to reach", "reached", "peer"];
        let mut cells = vec![head.map(str::to_owned).to_vec()];
        let (mut reached, mut missed, mut not_measured) = (0, 0, 0);
        for row in &self.rows {
            let outcome = match (row.ours, &row.error) {
                (Some(ours), None) if row.bench.goal.is_reached(ours, row.ratio) => {
                    reached += 1;
                    "yes"
                }
                (Some(_), None) => {
                    missed += 1;
                    "NO"
                }
                _ => {
                    not_measured += 1;
                    "not measured"
                }
            };
            cells.push(vec![
                row.name.to_owned(),
                with_range(&row.sides.ours),
                with_range(&row.sides.theirs),
                row.unit.to_owned(),
                row.ratio.map_or_else(|| "–".to_owned(), short),
                row.bench.goal.words(row.unit),
                outcome.to_owned(),
                row.peer.to_owned(),
            ]);
        }
        let mut text = aligned(&cells);
        for row in &self.rows {
            if let Some(error) = &row.error {
                let _ = writeln!(text, "{} was not measured: {error}", row.name);
            }
        }
        let _ = writeln!(text, "{reached} reached, {missed} missed, {not_measured} not measured");
        text
    }
}

/// The median, and in which range the figures lie.
fn with_range(figures: &[f64]) -> String {
    let Some(middle) = median(figures) else { return "–".to_owned() };
    let (least, most) = figures.iter().fold((f64::MAX, f64::MIN), |(least, most), n| (least.min(*n), most.max(*n)));
    if least == most { short(middle) } else { format!("{} ({}–{})", short(middle), short(least), short(most)) }
}

/// Three digits that count, and no more than are needed.
fn short(figure: f64) -> String {
    let decimals = if figure.abs() >= 100.0 { 0 } else { 2 - figure.abs().max(1e-3).log10().floor() as i32 };
    format!("{figure:.*}", decimals.clamp(0, 4) as usize)
}

fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_in_the_report_with_the_reason() {
        let mut report = Report::default();
        report.add(Group::Search, &["search"], Err("rg is missing".into()));
        report.add(Group::Index, &["window_p99"], Ok(vec![Sides::default(), Sides::alone(vec![1.0, 3.0, 2.0])]));
        let rows = serde_json::to_value(&report.rows).unwrap();
        assert_eq!(rows[0]["error"], "rg is missing");
        assert_eq!((&rows[0]["ours"], &rows[0]["ratio"]), (&serde_json::Value::Null, &serde_json::Value::Null));
        assert_eq!(
            rows[1],
            serde_json::json!({ "name": "window_p99", "ours": 2.0, "theirs": null, "unit": "ms", "ratio": null, "peer": "–" })
        );
        let table = report.table();
        assert!(table.ends_with("1 reached, 0 missed, 1 not measured\n"), "{table}");
        assert!(table.contains("search was not measured: rg is missing"), "{table}");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!([1234.56, 42.123, 1.0, 0.04567].map(short), ["1235", "42.1", "1.00", "0.0457"]);
    }
}
