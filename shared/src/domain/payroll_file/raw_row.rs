//! One element below the root, whole: a row with its leaves, or something to ignore. The general form, over [`Tokens`].

use std::borrow::Cow;

use super::error::{ErrorCode, Flaw};
use super::field::{Element, Field, Group};
use super::limits::Limits;
use super::payee::NamedPayee;
use super::tokens::{Kind, Step, Tag, Tokens, currency, is_foreign, names_currency};
use super::warning::{Warning, Warnings};

/// The leaves of one row, decoded and trimmed, not yet checked. Positions count from the row's first byte.
#[derive(Debug, Default)]
pub(super) struct RawRow<'a> {
    values: [Option<Value<'a>>; Field::COUNT],
    groups: [bool; Group::COUNT],
    /// The number of the text in which the source's details are written, where an earlier row wrote them in the same one.
    pub(super) written_details: Option<usize>,
    pub(super) problems: Vec<ShapeProblem>,
    pub(super) warnings: Warnings,
}

#[derive(Debug)]
pub(super) struct Value<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) at: usize,
}

/// A row error about the shape of the row rather than a value in it.
#[derive(Debug)]
pub(super) struct ShapeProblem {
    /// Nothing where the whole row is wrong.
    pub(super) path: Option<&'static str>,
    pub(super) code: ErrorCode,
    pub(super) at: usize,
    /// What follows the path in the message.
    pub(super) what: Cow<'static, str>,
}

pub(super) enum Parsed<T> {
    Complete { content: T, length: usize },
    Incomplete,
}

impl<'a> RawRow<'a> {
    pub(super) fn get(&self, field: Field) -> Option<&Value<'a>> {
        self.values[field.index()].as_ref()
    }

    /// Keeps a leaf without the blanks around it; `false` if the row had it already.
    #[inline]
    pub(super) fn put(&mut self, field: Field, text: Cow<'a, str>, at: usize) -> bool {
        let slot = &mut self.values[field.index()];
        let first = slot.is_none();
        if first {
            *slot = Some(Value { text, at });
        }
        first
    }

    /// Notes every group and leaf that the row lacks or left empty. Of a missing group only the group is named. Of the leaves that name a
    /// payee those are wanted of the way that the row has taken.
    pub(super) fn note_absences(&mut self) {
        for group in Group::INNER {
            if !self.groups[group.index()] && self.has_group(group.parent()) {
                self.problem(group.path(), ErrorCode::MissingField, 0, "is missing");
            }
        }
        let payee = NamedPayee::of(self);
        for field in Field::ALL {
            if self.get(field).is_none() && self.has_group(field.group()) && payee.wants(field) {
                self.problem(field.path(), ErrorCode::MissingField, 0, "is missing");
            }
        }
        self.note_empty_leaves();
    }

    /// Notes every leaf that the row has and left empty, and a payee that is named twice or not at all.
    pub(super) fn note_empty_leaves(&mut self) {
        let payee = NamedPayee::of(self);
        for field in Field::ALL {
            let empty = self.get(field).filter(|value| value.text.is_empty() && payee.wants(field));
            if let Some(at) = empty.map(|value| value.at) {
                self.problem(field.path(), ErrorCode::EmptyField, at, "is empty");
            }
        }
        payee.note(self);
    }

    fn has_group(&self, group: Group) -> bool {
        group == Group::Row || self.groups[group.index()]
    }

    pub(super) fn problem(&mut self, path: &'static str, code: ErrorCode, at: usize, what: &'static str) {
        self.problems.push(ShapeProblem { path: Some(path), code, at, what: Cow::Borrowed(what) });
    }

    /// Notes that the row as a whole is wrong.
    pub(super) fn whole_row_problem(&mut self, code: ErrorCode, what: String) {
        self.problems.push(ShapeProblem { path: None, code, at: 0, what: Cow::Owned(what) });
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii()),
        Cow::Owned(text) => Cow::Owned(text.trim_ascii().to_owned()),
    }
}

/// Reads the element at the start of `input`: as a row if `row`, else as something to ignore.
pub(super) fn parse_element<'a>(input: &'a str, row: bool, limits: &Limits) -> Result<Parsed<RawRow<'a>>, Flaw> {
    let mut tokens = Tokens::new(input, limits);
    let (stack, row_so_far) = (Vec::new(), RawRow::default());
    let mut parser = Parser { limits, outermost: row, stack, leaf: None, currency: None, row: row_so_far };
    loop {
        match tokens.next()? {
            Step::Incomplete { at, in_text } => {
                if in_text {
                    parser.check_leaf_length(input.len())?;
                } else {
                    parser.check_leaf_length(at)?;
                }
                return Ok(Parsed::Incomplete);
            }
            Step::Token { kind, at, end } => {
                parser.token(kind, at, end)?;
                if parser.stack.is_empty() {
                    if row {
                        parser.row.note_absences();
                    }
                    return Ok(Parsed::Complete { content: parser.row, length: end });
                }
            }
        }
    }
}

struct Parser<'a, 'l> {
    limits: &'l Limits,
    /// Whether the outermost element is a row.
    outermost: bool,
    stack: Vec<(&'a str, Element)>,
    leaf: Option<OpenLeaf<'a>>,
    /// What an open element that is named like a currency has said so far.
    currency: Option<String>,
    row: RawRow<'a>,
}

struct OpenLeaf<'a> {
    field: Field,
    text: Cow<'a, str>,
    starts_at: usize,
}

impl<'a> Parser<'a, '_> {
    fn token(&mut self, kind: Kind<'a>, at: usize, end: usize) -> Result<(), Flaw> {
        match kind {
            Kind::Start(tag) => self.open(&tag, at, end),
            Kind::Empty(tag) => {
                self.open(&tag, at, end)?;
                self.close(tag.name, at, end)
            }
            Kind::End(name) => self.close(name, at, at),
            Kind::Text(text) => self.text(Cow::Borrowed(text), at, end),
            Kind::CData(_) if self.innermost_is_group() => Err(Flaw::syntax(at, "a CDATA section outside of a leaf")),
            Kind::CData(text) => self.text(Cow::Borrowed(text), at, end),
            Kind::Reference(character) => self.text(Cow::Owned(character.to_string()), at, end),
            Kind::Aside => {
                if let Some((_, Element::Leaf(field))) = self.stack.last() {
                    let what = "holds a comment or processing instruction; write the value in one piece";
                    self.row.problem(field.path(), ErrorCode::UnexpectedElement, at, what);
                }
                Ok(())
            }
            Kind::Declaration(_) => Err(Flaw::syntax(at, "an XML declaration after the start of the file")),
        }
    }

    fn innermost_is_group(&self) -> bool {
        matches!(self.stack.last(), Some((_, Element::Group(_))))
    }

    fn open(&mut self, tag: &Tag<'a>, at: usize, end: usize) -> Result<(), Flaw> {
        let element = match self.stack.last() {
            None if self.outermost => Element::Group(Group::Row),
            None => Element::Ignored,
            Some((_, Element::Group(group))) => group.child(tag.name),
            Some((_, Element::Leaf(field))) => {
                let what = "holds another element; a leaf has only text";
                self.row.problem(field.path(), ErrorCode::UnexpectedElement, at, what);
                Element::Ignored
            }
            Some((_, Element::Ignored)) => Element::Ignored,
        };
        if !self.outermost && !self.stack.is_empty() && tag.name == "row" {
            let message = "rows stand inside another element; they belong directly inside root";
            return Err(Flaw::new(ErrorCode::NoRows, at, message));
        }
        let inside_leaf = matches!(self.stack.last(), Some((_, Element::Leaf(_))));
        self.stack.push((tag.name, element));
        // The root is above the stack.
        if self.stack.len() + 1 > self.limits.depth && !inside_leaf {
            return Err(Flaw::limit(at, "depth", self.limits.depth));
        }
        self.row.warnings.insert_all(tag.warnings());
        if tag.is_foreign {
            self.foreign_currency(at)?;
        }
        if element == Element::Ignored && names_currency(tag.name) {
            self.currency = Some(String::new());
        }
        self.enter(element, inside_leaf, at, end);
        Ok(())
    }

    /// Nothing of a row may be taken for dollars that says it is something else.
    fn foreign_currency(&mut self, at: usize) -> Result<(), Flaw> {
        if !self.outermost {
            return Err(currency(at));
        }
        let what = "is in another currency than USD; only dollars are paid";
        self.row.problem(Field::Amount.path(), ErrorCode::AmountCurrency, at, what);
        Ok(())
    }

    fn enter(&mut self, element: Element, inside_leaf: bool, at: usize, end: usize) {
        match element {
            Element::Group(group) => {
                let seen = &mut self.row.groups[group.index()];
                if std::mem::replace(seen, true) {
                    self.row.problem(group.path(), ErrorCode::DuplicateField, at, "occurs twice in the row");
                }
            }
            Element::Leaf(field) => {
                self.leaf = Some(OpenLeaf { field, text: Cow::Borrowed(""), starts_at: end });
            }
            Element::Ignored if inside_leaf => {}
            Element::Ignored => self.row.warnings.insert(Warning::UnknownElement),
        }
    }

    fn close(&mut self, name: &str, at: usize, leaf_end: usize) -> Result<(), Flaw> {
        match self.stack.pop() {
            Some((open, element)) if open == name => {
                if let Element::Leaf(_) = element {
                    self.check_leaf_length(leaf_end)?;
                    self.close_leaf(at);
                }
                match self.currency.take_if(|_| names_currency(name)) {
                    Some(said) if is_foreign(&said) => self.foreign_currency(at),
                    Some(_) | None => Ok(()),
                }
            }
            Some(_) | None => Err(Flaw::syntax(at, "an end tag that does not match the open element")),
        }
    }

    fn close_leaf(&mut self, at: usize) {
        if let Some(leaf) = self.leaf.take()
            && !self.row.put(leaf.field, trimmed(leaf.text), leaf.starts_at)
        {
            self.row.problem(leaf.field.path(), ErrorCode::DuplicateField, at, "occurs twice in the row");
        }
    }

    fn text(&mut self, text: Cow<'a, str>, at: usize, end: usize) -> Result<(), Flaw> {
        match self.stack.last() {
            Some((_, Element::Leaf(_))) => {
                self.check_leaf_length(end)?;
                if let Some(leaf) = &mut self.leaf {
                    if leaf.text.is_empty() {
                        leaf.text = text;
                    } else {
                        leaf.text.to_mut().push_str(&text);
                    }
                }
                Ok(())
            }
            Some((_, Element::Ignored)) => {
                if let Some(said) = &mut self.currency {
                    said.push_str(&text);
                }
                Ok(())
            }
            Some((_, Element::Group(_))) | None => match text.find(|c: char| !c.is_ascii_whitespace()) {
                Some(position) => Err(Flaw::syntax(at + position, "text outside of a leaf")),
                None => Ok(()),
            },
        }
    }

    fn check_leaf_length(&self, end: usize) -> Result<(), Flaw> {
        match &self.leaf {
            Some(leaf) if end.saturating_sub(leaf.starts_at) > self.limits.leaf_bytes => {
                Err(Flaw::limit(leaf.starts_at, "leaf bytes", self.limits.leaf_bytes))
            }
            Some(_) | None => Ok(()),
        }
    }
}
