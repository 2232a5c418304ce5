//! Locust's tables, gathered from the lines of a log: the statistics that come every 2 s, and the percentiles and the
//! errors that come once at the end (`print_stats`, `print_percentiles_stats`, `print_error_report` in
//! `locust/stats.py`, 2.32.2).

use app::model::{LONGEST_TABLE, LoadTables};

/// The tables so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tables {
    /// The table whose lines come now.
    open: Option<(Table, String)>,
    /// The last whole one of each.
    statistics: Option<String>,
    percentiles: Option<String>,
    errors: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Table {
    Statistics,
    Percentiles,
    Errors,
}

impl Tables {
    /// Takes a line that is no message. Returns whether it belongs to a table.
    pub(super) fn take(&mut self, line: &str) -> bool {
        let begins = match line {
            "Response time percentiles (approximated)" => Some(Table::Percentiles),
            "Error report" => Some(Table::Errors),
            _ if is_head(line) && self.open.is_none() => Some(Table::Statistics),
            _ => None,
        };
        if let Some(table) = begins {
            let head = match table {
                Table::Statistics => line.to_owned(),
                // The title stands above it on the page.
                Table::Percentiles | Table::Errors => String::new(),
            };
            self.open = Some((table, head));
            return true;
        }
        let Some((_, text)) = &mut self.open else {
            return false;
        };
        if line.is_empty() {
            self.close();
            return true;
        }
        // Longer ones are cut at a whole row; the row of all requests is in the statistics of the page.
        if text.len() + line.len() < LONGEST_TABLE {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
        }
        true
    }

    /// A message came: whatever was printed before it is whole.
    pub(super) fn close(&mut self) {
        let Some((table, text)) = self.open.take() else {
            return;
        };
        let place = match table {
            Table::Statistics => &mut self.statistics,
            Table::Percentiles => &mut self.percentiles,
            Table::Errors => &mut self.errors,
        };
        *place = Some(text);
    }

    /// The lines of the error report come now.
    pub(super) fn in_errors(&self) -> bool {
        matches!(self.open, Some((Table::Errors, _)))
    }

    /// The last tables: the final ones once they are there. `is_over` when no line will come any more: then whatever was
    /// printed last.
    pub(super) fn last(&self, is_over: bool) -> Option<LoadTables> {
        if self.percentiles.is_none() && !is_over {
            return None;
        }
        Some(LoadTables {
            statistics: self.statistics.clone()?,
            percentiles: self.percentiles.clone(),
            errors: self.errors.clone(),
        })
    }
}

/// `Type     Name  …  # reqs      # fails | …`
fn is_head(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some("Type") && words.next() == Some("Name") && line.contains("# reqs")
}
