//! Label selectors as text. Upstream: `staging/src/k8s.io/apimachinery/pkg/labels/selector.go`, whose lexer and
//! words these are.

use super::Requirement;

const NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const QUALIFIED: &str = "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Why a text is no key of a label or annotation.
/// Upstream: `apimachinery/pkg/util/validation/validation.go`, `IsQualifiedName`.
pub(crate) fn key_error(key: &str) -> Option<String> {
    let name = match key.split_once('/') {
        Some((_, name)) if name.contains('/') => return Some(QUALIFIED.to_owned()),
        Some(("", _)) => {
            return Some("prefix part must be non-empty".to_owned());
        }
        Some((_, name)) => name,
        None => key,
    };
    if name.is_empty() {
        return Some("name part must be non-empty".to_owned());
    }
    if name.len() > 63 {
        return Some("name part must be no more than 63 bytes".to_owned());
    }
    (!is_plain(name)).then(|| NAME.to_owned())
}

/// Why a text is no value of a label.
pub(crate) fn value_error(value: &str) -> Option<String> {
    if value.len() > 63 {
        return Some("must be no more than 63 bytes".to_owned());
    }
    (!value.is_empty() && !is_plain(value)).then(|| VALUE.to_owned())
}

fn is_plain(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    edge(text.chars().next()) && edge(text.chars().last()) && text.chars().all(inner)
}

/// Symbols, words, and the end as an empty word.
fn lex(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_symbol = |c: char| "=!(),<>".contains(c);
        let length = if is_symbol(first) {
            if rest.starts_with("==") || rest.starts_with("!=") {
                2
            } else {
                first.len_utf8()
            }
        } else {
            rest.find(|c: char| is_symbol(c) || c.is_whitespace())
                .unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token.to_owned());
        rest = after.trim_start();
    }
    tokens.push(String::new());
    tokens
}

struct Parser {
    tokens: Vec<String>,
    position: usize,
}

impl Parser {
    fn peek(&self) -> &str {
        self.tokens.get(self.position).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        let token = self.peek().to_owned();
        self.position += 1;
        token
    }
}

fn is_symbol(token: &str) -> bool {
    matches!(token, "=" | "==" | "!=" | "!" | "(" | ")" | "," | "<" | ">")
}

/// Reads a whole selector.
pub(super) fn selector(text: &str) -> Result<Vec<Requirement>, String> {
    let mut parser = Parser {
        tokens: lex(text),
        position: 0,
    };
    let mut requirements = Vec::new();
    loop {
        let token = parser.peek().to_owned();
        if token.is_empty() {
            return Ok(requirements);
        }
        if is_symbol(&token) && token != "!" {
            return Err(format!(
                "found '{token}', expected: !, identifier, or 'end of string'"
            ));
        }
        let requirement = requirement(&mut parser)
            .map_err(|error| format!("unable to parse requirement: {error}"))?;
        requirements.push(requirement);
        match parser.next().as_str() {
            "" => return Ok(requirements),
            "," => {
                let after = parser.peek();
                if after.is_empty() || is_symbol(after) && after != "!" {
                    return Err(format!("found '{after}', expected: identifier after ','"));
                }
            }
            other => {
                return Err(format!("found '{other}', expected: ',' or 'end of string'"));
            }
        }
    }
}

fn requirement(parser: &mut Parser) -> Result<Requirement, String> {
    let negated = parser.peek() == "!";
    if negated {
        parser.next();
    }
    let key = parser.next();
    if key.is_empty() || is_symbol(&key) {
        return Err(format!("found '{key}', expected: identifier"));
    }
    if let Some(error) = key_error(&key) {
        return Err(format!("<nil>: Invalid value: {key:?}: {error}"));
    }
    if negated {
        return Ok(Requirement::DoesNotExist(key));
    }
    match parser.peek() {
        "" | "," => return Ok(Requirement::Exists(key)),
        "in" | "notin" | "=" | "==" | "!=" | "<" | ">" => {}
        other => {
            return Err(format!(
                "found '{other}', expected: in, notin, =, ==, !=, gt, lt"
            ));
        }
    }
    let operator = parser.next();
    let values = match operator.as_str() {
        "in" | "notin" => values(parser)?,
        _ => vec![value(parser)?],
    };
    if let ("<" | ">", [value]) = (operator.as_str(), values.as_slice()) {
        let bound = value.parse().map_err(|_| {
            format!(
                "values[0]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer"
            )
        })?;
        return Ok(if operator == "<" {
            Requirement::LessThan(key, bound)
        } else {
            Requirement::GreaterThan(key, bound)
        });
    }
    for (value, index) in values.iter().zip(0..) {
        if let Some(error) = value_error(value) {
            return Err(format!(
                "values[{index}][{key}]: Invalid value: {value:?}: {error}"
            ));
        }
    }
    Ok(match operator.as_str() {
        "notin" | "!=" => Requirement::NotIn(key, values),
        _ => Requirement::In(key, values),
    })
}

/// A single value; none is an empty one.
fn value(parser: &mut Parser) -> Result<String, String> {
    match parser.peek() {
        "" | "," => Ok(String::new()),
        token if is_symbol(token) => Err(format!("found '{token}', expected: identifier")),
        _ => Ok(parser.next()),
    }
}

fn values(parser: &mut Parser) -> Result<Vec<String>, String> {
    let open = parser.next();
    if open != "(" {
        return Err(format!("found '{open}' expected: '('"));
    }
    let mut values = Vec::new();
    loop {
        match parser.peek() {
            ")" => {
                parser.next();
                // After a comma, and between empty parentheses, there is an empty value.
                values.push(String::new());
                return Ok(values);
            }
            "," => {
                parser.next();
                values.push(String::new());
                continue;
            }
            token if token.is_empty() || is_symbol(token) => {
                return Err(format!("found '{token}', expected: ',', ')' or identifier"));
            }
            _ => values.push(parser.next()),
        }
        match parser.next().as_str() {
            ")" => return Ok(values),
            "," => {}
            other => return Err(format!("found '{other}', expected: ',' or ')'")),
        }
    }
}
