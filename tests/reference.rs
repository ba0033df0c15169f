//! Manual pages and completions are what the command line is; `UPDATE_REFERENCE=1 cargo test --test
//! reference` writes them anew.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use revenue_exporter::cli::Cli;

const NAME: &str = "revenue-exporter";
const MAN: &str = "packaging/man";
const COMPLETIONS: &str = "packaging/completions";

type Files = BTreeMap<String, String>;

/// One page for the program, and one for each command below it.
fn pages(command: &Command, name: &str, pages: &mut Files) {
    let mut page = Vec::new();
    // clap keeps names for ever; a test does not live so long.
    let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
    let named = command.clone().name(leaked).display_name(leaked);
    clap_mangen::Man::new(named).render(&mut page).unwrap();
    pages.insert(format!("{name}.1"), String::from_utf8(page).unwrap());
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        self::pages(below, &format!("{name}-{}", below.get_name()), pages);
    }
}

fn completions() -> Files {
    let shells = [
        (Shell::Bash, format!("{NAME}.bash")),
        (Shell::Zsh, format!("_{NAME}")),
        (Shell::Fish, format!("{NAME}.fish")),
    ];
    let complete = |(shell, file): (Shell, String)| {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
        (file, one_name(&String::from_utf8(script).unwrap()))
    };
    shells.map(complete).into()
}

/// clap_complete 4.6 writes a hyphen of the program's name in two ways, so that bash finds no command's flags.
fn one_name(script: &str) -> String {
    script.replace("revenue__subcmd__exporter", "revenue__exporter")
}

/// What a page of the program as a whole has beyond its flags.
const MORE: &str = r#".SH ENVIRONMENT
.TP
\fBREVENUE_EXPORTER_CONFIG_FILE\fR, \fBREVENUE_EXPORTER_STATE_DIRECTORY\fR, \fBREVENUE_EXPORTER_WEB_CONFIG_FILE\fR, \fBREVENUE_EXPORTER_WEB_LISTEN_ADDRESS\fR
What the flag of that name says, of every command that has it, unless it is typed.
.TP
\fBTAPRAIN_API_KEY\fR, \fBTAPRAIN_API_KEY_FILE\fR, \fBKLAR_REFRESH_TOKEN\fR, \fBKLAR_REFRESH_TOKEN_FILE\fR
Without a configuration file: the key of one account of each API, or the file that holds it.
.TP
\fBNOTIFY_SOCKET\fR, \fBWATCHDOG_USEC\fR, \fBLISTEN_FDS\fR
Set by systemd.
.SH "EXIT STATUS"
.TP
\fB0\fR
All went well.
.TP
\fB1\fR
It failed while it ran: a port is taken, an API could not be asked.
.TP
\fB2\fR
What was typed or configured is wrong.
.SH SIGNALS
.TP
\fBSIGHUP\fR
Reads the configuration again; a broken one changes nothing.
.TP
\fBSIGTERM\fR, \fBSIGINT\fR
End it within 5 seconds; a second one at once.
.SH FILES
.TP
\fI/etc/revenue-exporter/revenue-exporter.yml\fR, \fI/etc/revenue-exporter/keys/\fR, \fI/etc/default/revenue-exporter\fR
The Debian package's configuration, keys and environment.
.TP
\fI./state\fR
What a restart must not forget, beside the configuration file unless that says otherwise.
"#;

fn man() -> Files {
    let mut files = Files::new();
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    pages(&command, NAME, &mut files);
    for whole in [NAME.to_owned(), format!("{NAME}-serve")] {
        files.entry(format!("{whole}.1")).or_default().push_str(MORE);
    }
    files
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the test decides")]
fn hold(directory: &str, files: &Files) {
    let directory = Path::new(directory);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        let _ = fs::remove_dir_all(directory);
        fs::create_dir_all(directory).unwrap();
        for (name, text) in files {
            fs::write(directory.join(name), text).unwrap();
        }
    }
    let mut known = Files::new();
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        known.insert(name, fs::read_to_string(path).unwrap());
    }
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&known), names(files), "{}", directory.display());
    for (name, text) in files {
        let anew = "UPDATE_REFERENCE=1 writes it anew";
        assert!(known[name] == *text, "{name} is not what the command line is: {anew}");
    }
}

#[test]
fn the_manual_pages_are_what_the_command_line_is() {
    hold(MAN, &man());
}

#[test]
fn the_completions_are_what_the_command_line_is() {
    hold(COMPLETIONS, &completions());
}

#[test]
fn every_command_has_its_page_and_every_flag_its_place() {
    let pages = man();
    let show = &pages["revenue-exporter-taprain-key-show.1"];
    assert!(show.contains("cookie\\-file"), "{show}");
    for (name, script) in completions() {
        for flag in ["config.file", "cookie-file", "probe"] {
            assert!(script.contains(flag), "{name} lacks {flag}");
        }
    }
}
