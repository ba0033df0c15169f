# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_revenue_exporter_global_optspecs
    string join \n config.file= shard= config.check state.directory= web.listen-address= web.telemetry-path= web.max-requests= web.enable-lifecycle web.config.file= web.systemd-socket log.level= log.format= h/help V/version
end

function __fish_revenue_exporter_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_revenue_exporter_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_revenue_exporter_using_subcommand
    set -l cmd (__fish_revenue_exporter_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l config.file -d 'The configuration file; without it the environment configures one account for each API' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l shard -d 'Only this shard\'s part of the accounts: of three exporters 0/3, 1/3 and 2/3' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l state.directory -d 'Keep state in this directory instead of the configuration\'s; empty keeps nothing' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l web.listen-address -d 'Listen here; may be repeated. `:10059` means every interface' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l web.telemetry-path -d 'Serve the metrics under this path' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l web.max-requests -d 'Answer so many scrapes at once, and more with 503; 0 is no limit' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l web.config.file -d 'TLS, passwords, headers and a rate limit, in the format of Prometheus\' exporter-toolkit' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l log.level -d 'Log events of this level and above' -r -f -a "error\t'Failures'
warn\t'What may need attention, too'
info\t'What happens normally, too'
debug\t'Every request, too'
trace\t'Everything'"
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l log.format -d 'Log lines in this format' -r -f -a "logfmt\t'`key=value` pairs'
json\t'One JSON object'"
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l config.check -d 'Validate the configuration, print the request plan and exit, as `check` does'
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l web.enable-lifecycle -d 'Let POST /-/reload read the configuration again, as SIGHUP does'
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -l web.systemd-socket -d 'Listen on the sockets that systemd hands over, instead of --web.listen-address'
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -s V -l version -d 'Print version'
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -f -a "serve" -d 'Collect and serve metrics (the default)'
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -f -a "demo" -d 'Serve simulated data: no configuration, no network, no keys'
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -f -a "check" -d 'Validate the configuration and print how its requests fit the budgets'
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -f -a "backfill" -d 'Write the time before the exporter as OpenMetrics, for promtool and VictoriaMetrics'
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -f -a "healthcheck" -d 'Ask a running exporter whether it lives: exit code 0 if it answers, else 1'
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -f -a "taprain-key" -d 'Show TapRain\'s API key, or have a new one made, as whoever is signed in there'
complete -c revenue-exporter -n "__fish_revenue_exporter_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l config.file -d 'The configuration file; without it the environment configures one account for each API' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l shard -d 'Only this shard\'s part of the accounts: of three exporters 0/3, 1/3 and 2/3' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l state.directory -d 'Keep state in this directory instead of the configuration\'s; empty keeps nothing' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l web.listen-address -d 'Listen here; may be repeated. `:10059` means every interface' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l web.telemetry-path -d 'Serve the metrics under this path' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l web.max-requests -d 'Answer so many scrapes at once, and more with 503; 0 is no limit' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l web.config.file -d 'TLS, passwords, headers and a rate limit, in the format of Prometheus\' exporter-toolkit' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l log.level -d 'Log events of this level and above' -r -f -a "error\t'Failures'
warn\t'What may need attention, too'
info\t'What happens normally, too'
debug\t'Every request, too'
trace\t'Everything'"
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l log.format -d 'Log lines in this format' -r -f -a "logfmt\t'`key=value` pairs'
json\t'One JSON object'"
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l config.check -d 'Validate the configuration, print the request plan and exit, as `check` does'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l web.enable-lifecycle -d 'Let POST /-/reload read the configuration again, as SIGHUP does'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -l web.systemd-socket -d 'Listen on the sockets that systemd hands over, instead of --web.listen-address'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand demo" -l speed -d 'Run the simulated business this many times as fast as the clock' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand demo" -l seed -d 'Simulate another business; the same number gives the same one' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand demo" -l web.listen-address -d 'Listen here; may be repeated. `:10059` means every interface' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand demo" -l web.telemetry-path -d 'Serve the metrics under this path' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand demo" -l web.max-requests -d 'Answer so many scrapes at once, and more with 503; 0 is no limit' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand demo" -l web.config.file -d 'TLS, passwords, headers and a rate limit, in the format of Prometheus\' exporter-toolkit' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand demo" -l log.level -d 'Log events of this level and above' -r -f -a "error\t'Failures'
warn\t'What may need attention, too'
info\t'What happens normally, too'
debug\t'Every request, too'
trace\t'Everything'"
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand demo" -l log.format -d 'Log lines in this format' -r -f -a "logfmt\t'`key=value` pairs'
json\t'One JSON object'"
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand demo" -l web.enable-lifecycle -d 'Let POST /-/reload read the configuration again, as SIGHUP does'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand demo" -l web.systemd-socket -d 'Listen on the sockets that systemd hands over, instead of --web.listen-address'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand check" -l config.file -d 'The configuration file; without it the environment configures one account for each API' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand check" -l shard -d 'Only this shard\'s part of the accounts: of three exporters 0/3, 1/3 and 2/3' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand check" -l web.config.file -d 'Validate this web configuration, too' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand check" -l state.directory -d 'The state directory of the exporter whose budget --probe shares; empty shares nothing' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand check" -l probe -d 'Also ask each API, with about 6 requests, and report what its documentation leaves open'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand check" -s h -l help -d 'Print help'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l config.file -d 'The configuration file; without it the environment configures one account for each API' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l shard -d 'Only this shard\'s part of the accounts: of three exporters 0/3, 1/3 and 2/3' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l state.directory -d 'The state directory of the exporter whose budget is shared; empty shares and keeps nothing' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l from -d 'Begin with this date, in each account\'s own time zone' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l to -d 'End with this date, or before this moment (2026-03-18T09:30:00Z); three hours ago at the latest' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l account -d 'Only the accounts of this name; may be repeated' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l view -d 'Only the views of this name; may be repeated' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l output -d 'Write to this file; `-` is standard output' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l budget-share -d 'Spend this share of each budget, like 0.5, instead of what the exporter leaves over' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l step -d 'Repeat each figure at this distance, which divides an hour; Prometheus looks back 5m' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l label -d 'Add a label to every sample, as Prometheus does to live ones: job=revenue-exporter; may be repeated' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l log.level -d 'Log events of this level and above' -r -f -a "error\t'Failures'
warn\t'What may need attention, too'
info\t'What happens normally, too'
debug\t'Every request, too'
trace\t'Everything'"
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -l log.format -d 'Log lines in this format' -r -f -a "logfmt\t'`key=value` pairs'
json\t'One JSON object'"
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand backfill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand healthcheck" -l web.listen-address -d 'Where the exporter listens; of `:10059` and `0.0.0.0:10059` this host\'s own end is asked' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand healthcheck" -l web.config.file -d 'Its web configuration, which says whether it speaks TLS' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand healthcheck" -l timeout -d 'Wait so long for an answer' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand healthcheck" -s h -l help -d 'Print help'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and not __fish_seen_subcommand_from show rotate help" -s h -l help -d 'Print help'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and not __fish_seen_subcommand_from show rotate help" -f -a "show" -d 'Print the account\'s present key, and say whether the key file holds it'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and not __fish_seen_subcommand_from show rotate help" -f -a "rotate" -d 'Have a new key made, which kills the old one at once, and write it into the key file'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and not __fish_seen_subcommand_from show rotate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from show" -l config.file -d 'The configuration file; without it the environment configures one account for each API' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from show" -l shard -d 'Only this shard\'s part of the accounts: of three exporters 0/3, 1/3 and 2/3' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from show" -l account -d 'The TapRain account\'s name in the configuration; needed where there are several' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from show" -l cookie-file -d 'A file with the `Cookie` header of a browser that is signed in to TapRain; `-` is standard input' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from rotate" -l config.file -d 'The configuration file; without it the environment configures one account for each API' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from rotate" -l shard -d 'Only this shard\'s part of the accounts: of three exporters 0/3, 1/3 and 2/3' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from rotate" -l account -d 'The TapRain account\'s name in the configuration; needed where there are several' -r
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from rotate" -l cookie-file -d 'A file with the `Cookie` header of a browser that is signed in to TapRain; `-` is standard input' -r -F
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from help" -f -a "show" -d 'Print the account\'s present key, and say whether the key file holds it'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from help" -f -a "rotate" -d 'Have a new key made, which kills the old one at once, and write it into the key file'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand taprain-key; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo check backfill healthcheck taprain-key help" -f -a "serve" -d 'Collect and serve metrics (the default)'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo check backfill healthcheck taprain-key help" -f -a "demo" -d 'Serve simulated data: no configuration, no network, no keys'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo check backfill healthcheck taprain-key help" -f -a "check" -d 'Validate the configuration and print how its requests fit the budgets'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo check backfill healthcheck taprain-key help" -f -a "backfill" -d 'Write the time before the exporter as OpenMetrics, for promtool and VictoriaMetrics'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo check backfill healthcheck taprain-key help" -f -a "healthcheck" -d 'Ask a running exporter whether it lives: exit code 0 if it answers, else 1'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo check backfill healthcheck taprain-key help" -f -a "taprain-key" -d 'Show TapRain\'s API key, or have a new one made, as whoever is signed in there'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo check backfill healthcheck taprain-key help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand help; and __fish_seen_subcommand_from taprain-key" -f -a "show" -d 'Print the account\'s present key, and say whether the key file holds it'
complete -c revenue-exporter -n "__fish_revenue_exporter_using_subcommand help; and __fish_seen_subcommand_from taprain-key" -f -a "rotate" -d 'Have a new key made, which kills the old one at once, and write it into the key file'
