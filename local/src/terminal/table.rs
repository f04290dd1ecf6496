//! Columns that stand under each other.

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// Rows of cells. Figures stand on the right of their columns, words on the left.
#[derive(Clone, Debug)]
pub struct Table {
    sides: Vec<Side>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new<const N: usize>(sides: [Side; N]) -> Self {
        Self { sides: sides.to_vec(), rows: Vec::new() }
    }

    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    /// Returns the rows as lines, each with two spaces between its columns.
    pub fn lines(&self, indent: &str) -> Vec<String> {
        let widths: Vec<usize> = (0..self.sides.len()).map(|column| self.width(column)).collect();
        let line = |cells: &Vec<String>| {
            let columns = cells.iter().zip(&self.sides).zip(&widths);
            let padded: Vec<String> = columns.map(|((cell, side), width)| pad(cell, *side, *width)).collect();
            format!("{indent}{}", padded.join("  ")).trim_end().to_owned()
        };
        self.rows.iter().map(line).collect()
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

fn pad(cell: &str, side: Side, width: usize) -> String {
    match side {
        Side::Left => format!("{cell:<width$}"),
        Side::Right => format!("{cell:>width$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_end_and_words_begin_under_each_other() {
        let mut table = Table::new([Side::Left, Side::Right, Side::Left]);
        table.row(["north".to_owned(), "1,200".to_owned(), "new".to_owned()]);
        table.row(["s…".to_owned(), "7".to_owned(), String::new()]);
        assert_eq!(table.lines("  "), ["  north  1,200  new", "  s…         7"]);
    }
}
