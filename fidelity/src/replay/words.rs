//! A kubectl command line as words and flags.

/// Flags that take a value, if not by `=`, then as the next word.
const VALUED: [&str; 20] = [
    "filename",
    "namespace",
    "replicas",
    "current-replicas",
    "type",
    "patch",
    "patch-file",
    "cascade",
    "grace-period",
    "timeout",
    "selector",
    "output",
    "requests",
    "limits",
    "containers",
    "field-manager",
    "env",
    "validate",
    "subresource",
    "request-timeout",
];
/// Flags without a value, or with `=true` and `=false`.
const SWITCHES: [&str; 11] = [
    "wait",
    "all",
    "ignore-not-found",
    "now",
    "force",
    "server-side",
    "force-conflicts",
    "overwrite",
    "record",
    "recursive",
    "save-config",
];
const SHORT: [(&str, &str); 8] = [
    ("f", "filename"),
    ("n", "namespace"),
    ("p", "patch"),
    ("l", "selector"),
    ("o", "output"),
    ("c", "containers"),
    ("e", "env"),
    ("R", "recursive"),
];

/// A command line's words, sorted.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// In order, without the flags.
    pub(super) plain: Vec<String>,
    flags: Vec<(String, String)>,
}

impl Words {
    /// Reads a command line; what is said of it is an error's end.
    pub(super) fn read(line: &str) -> Result<Self, String> {
        if line.contains(['|', ';', '&', '<', '>', '$', '`']) && !line.contains(['\'', '"']) {
            return Err("it is more than one kubectl command".to_owned());
        }
        let words = shlex::split(line).ok_or("its quotes are not balanced")?;
        let mut words = words.into_iter().skip(1);
        let mut read = Self::default();
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix('-').filter(|flag| !flag.is_empty()) else {
                if matches!(word.as_str(), "|" | "||" | "&&" | ";" | "&" | ">" | "<") {
                    return Err("it is more than one kubectl command".to_owned());
                }
                read.plain.push(word);
                continue;
            };
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (flag, None),
            };
            let long = name.strip_prefix('-');
            let short = SHORT.iter().find(|(short, _)| *short == name);
            let name = long.or(short.map(|(_, long)| *long)).unwrap_or(name);
            let value = if VALUED.contains(&name) {
                let value = value.or_else(|| words.next());
                value.ok_or_else(|| format!("the flag --{name} lacks its value"))?
            } else if SWITCHES.contains(&name) {
                value.unwrap_or_else(|| "true".to_owned())
            } else {
                return Err(format!("the flag {word} is unknown"));
            };
            read.flags.push((name.to_owned(), value));
        }
        Ok(read)
    }

    /// All values of a flag, and those between commas.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.flags.iter().filter(move |(own, _)| own == name);
        own.flat_map(|(_, value)| value.split(','))
    }

    /// A flag's value, the last if there are several.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        let mut own = self.flags.iter().rev();
        let own = own.find(|(own, _)| own == name);
        own.map(|(_, value)| value.as_str())
    }

    /// Whether a switch is on.
    pub(super) fn switch(&self, name: &str) -> bool {
        self.one(name).is_some_and(|value| value == "true")
    }
}
