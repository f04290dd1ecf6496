//! The one place that touches quick-xml: markup of a slice, token by token, with what the library leaves open checked here.
//!
//! quick-xml finds where tags, comments, CDATA and references begin and end. It does not look at the characters of names, at `]]>` in
//! text, at stray `<` inside a tag, and it waits for the end of a DOCTYPE; [`Tokens`] refuses all of these on sight. A slice may end
//! anywhere: a token that could still become valid is [`Step::Incomplete`].

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::error::{ErrorCode, Flaw};
use super::limits::Limits;
use super::warning::{Warning, Warnings};

pub(super) struct Tokens<'a, 'l> {
    input: &'a str,
    reader: Reader<&'a [u8]>,
    limits: &'l Limits,
}

pub(super) enum Step<'a> {
    Token {
        kind: Kind<'a>,
        at: usize,
        end: usize,
    },
    /// The slice ends inside the token that begins at `at`, or right before it.
    Incomplete {
        at: usize,
        in_text: bool,
    },
}

pub(super) enum Kind<'a> {
    Start(Tag<'a>),
    /// `<DOB/>`
    Empty(Tag<'a>),
    End(&'a str),
    Text(&'a str),
    CData(&'a str),
    /// A character or predefined entity reference, resolved.
    Reference(char),
    /// A comment or a processing instruction.
    Aside,
    /// `<?xml … ?>` with the encoding it names.
    Declaration(Option<String>),
}

pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: usize,
    /// An attribute names another currency than ours.
    pub(super) is_foreign: bool,
}

/// Whether an element or attribute of this name says in which currency amounts are.
pub(super) fn names_currency(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "currency",
        "currencycode",
        "currency_code",
        "currencyiso",
        "isocurrency",
        "amountcurrency",
        "paymentcurrency",
        "ccy",
    ];
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether a value of such an element or attribute is another currency than ours.
pub(super) fn is_foreign(value: &str) -> bool {
    fault!(CurrencyIgnored, false, !value.trim().eq_ignore_ascii_case("USD"))
}

impl Tag<'_> {
    pub(super) fn warnings(&self) -> Warnings {
        let mut warnings = Warnings::default();
        warnings.insert_if(self.attributes > 0, Warning::UnknownAttribute);
        warnings
    }
}

impl<'a, 'l> Tokens<'a, 'l> {
    /// `input` begins with markup (quick-xml would drop a byte order mark there).
    pub(super) fn new(input: &'a str, limits: &'l Limits) -> Self {
        let mut reader = Reader::from_str(input);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.check_comments = true;
        Self { input, reader, limits }
    }

    pub(super) fn next(&mut self) -> Result<Step<'a>, Flaw> {
        let at = self.position();
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(_) => return self.broken(at),
        };
        let end = self.position();
        let token = &self.input[at..end];
        let kind = match event {
            Event::Eof => return Ok(Step::Incomplete { at, in_text: false }),
            Event::Text(_) if end == self.input.len() => return Ok(Step::Incomplete { at, in_text: true }),
            Event::Text(_) => Kind::Text(text(token, at)?),
            Event::Start(tag) => Kind::Start(self.tag(&tag, token, at)?),
            Event::Empty(tag) => Kind::Empty(self.tag(&tag, token, at)?),
            Event::End(_) => Kind::End(token[2..token.len() - 1].trim_ascii_end()),
            Event::CData(_) => Kind::CData(&token["<![CDATA[".len()..token.len() - "]]>".len()]),
            Event::GeneralRef(reference) => Kind::Reference(resolve(&reference, at)?),
            Event::Comment(_) | Event::PI(_) => Kind::Aside,
            Event::Decl(declaration) => Kind::Declaration(match declaration.encoding() {
                Some(Ok(encoding)) => Some(encoding.into_owned()),
                Some(Err(_)) => return Err(Flaw::syntax(at, "the XML declaration is malformed")),
                None => None,
            }),
            Event::DocType(_) => return Err(dtd(at)),
        };
        Ok(Step::Token { kind, at, end })
    }

    fn position(&self) -> usize {
        // A position inside a slice fits its length type.
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX).min(self.input.len())
    }

    /// The library gave up at `at`: for want of more bytes, or for good?
    fn broken(&self, at: usize) -> Result<Step<'a>, Flaw> {
        let rest = &self.input[at..];
        let incomplete = if rest.starts_with("<!D") || rest.starts_with("<!d") {
            return Err(dtd(at));
        } else if rest.starts_with("<!") {
            open_until(rest, "<!--", "-->") || open_until(rest, "<![CDATA[", "]]>")
        } else if rest.starts_with("<?") {
            !rest.contains("?>")
        } else if let Some(tag) = rest.strip_prefix('<') {
            let name = tag.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
            if name.len() > self.limits.element_name_bytes + 1 && !name.contains(['<', '>']) {
                return Err(Flaw::limit(at, "element name bytes", self.limits.element_name_bytes));
            }
            !tag.contains('<')
        } else if let Some(reference) = rest.strip_prefix('&') {
            !reference.contains(['<', '&', ';'])
        } else {
            false
        };
        if incomplete {
            Ok(Step::Incomplete { at, in_text: false })
        } else {
            Err(Flaw::syntax(at, "markup is malformed"))
        }
    }

    fn tag(&self, tag: &BytesStart<'_>, token: &'a str, at: usize) -> Result<Tag<'a>, Flaw> {
        let name_length = tag.name().as_ref().len();
        let name = &token[1..=name_length];
        if token[1..].contains('<') {
            return Err(Flaw::syntax(at, "a stray < inside a tag"));
        }
        if name.len() > self.limits.element_name_bytes {
            return Err(Flaw::limit(at, "element name bytes", self.limits.element_name_bytes));
        }
        check_name(name, at)?;
        let (mut attributes, mut foreign) = (0, false);
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| Flaw::syntax(at, "an attribute is malformed"))?;
            let key = attribute.key.as_ref();
            if key == "xmlns" {
                return Err(namespace(at));
            }
            check_name(key, at)?;
            match quick_xml::escape::unescape(&attribute.value) {
                Ok(value) => foreign |= names_currency(key) && is_foreign(&value),
                Err(_) => return Err(Flaw::syntax(at, "an attribute holds an undefined reference")),
            }
            attributes += 1;
            if attributes > self.limits.attributes {
                return Err(Flaw::limit(at, "attributes of an element", self.limits.attributes));
            }
        }
        Ok(Tag { name, attributes, is_foreign: foreign })
    }
}

/// Whether `rest` may be the beginning of a construct that starts with `open` and has not met `close` yet.
fn open_until(rest: &str, open: &str, close: &str) -> bool {
    match rest.strip_prefix(open) {
        Some(content) => !content.contains(close),
        None => open.starts_with(rest),
    }
}

fn text(token: &str, at: usize) -> Result<&str, Flaw> {
    match token.find("]]>") {
        Some(position) => Err(Flaw::syntax(at + position, "]]> outside of a CDATA section")),
        None => Ok(token),
    }
}

fn check_name(name: &str, at: usize) -> Result<(), Flaw> {
    if name.contains(':') {
        return Err(namespace(at));
    }
    let valid = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let begins = |c: char| c.is_alphabetic() || c == '_';
    if name.starts_with(begins) && name.chars().all(valid) {
        Ok(())
    } else {
        Err(Flaw::syntax(at, "a tag or attribute without a valid name"))
    }
}

fn resolve(reference: &BytesRef<'_>, at: usize) -> Result<char, Flaw> {
    let resolved = if reference.is_char_ref() {
        reference.resolve_char_ref().ok().flatten().filter(|c| is_xml_character(*c))
    } else {
        resolve_predefined_entity(reference).and_then(|text| text.chars().next())
    };
    resolved.ok_or_else(|| Flaw::syntax(at, "a reference to an undefined entity or a forbidden character"))
}

/// XML 1.0 production 2.
pub(super) fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn namespace(at: usize) -> Flaw {
    Flaw::new(ErrorCode::WrongRoot, at, "namespaces and prefixes are not part of the payroll file; remove them")
}

/// Of the root or something beside the rows.
pub(super) fn currency(at: usize) -> Flaw {
    Flaw::new(ErrorCode::AmountCurrency, at, "the file names another currency than USD; only dollars are paid")
}

fn dtd(at: usize) -> Flaw {
    Flaw::new(ErrorCode::DtdForbidden, at, "a document type declaration is never accepted; remove it")
}
