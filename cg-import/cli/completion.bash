# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for cg-import: verbs, options, profiles, files. Works with and without the bash-completion package.

# The names of the sections of the koji command's configuration.
_cg_import_profiles() {
    local config=$1 files
    if [[ -n $config ]]; then
        files=("$config" "$config"/*.conf)
    else
        files=(~/.koji/config ~/.koji/config.d/*.conf)
    fi
    sed -n 's/^\[\([^]]*\)\].*/\1/p' /etc/koji.conf /etc/koji.conf.d/*.conf "${files[@]}" 2>/dev/null | grep -vx DEFAULT
}

# Sets COMPREPLY to the words of $2... that begin with $1.
_cg_import_words() {
    local begin=$1 word
    shift
    COMPREPLY=()
    for word in "$@"; do
        [[ $word == "$begin"* ]] && COMPREPLY+=("$word")
    done
    return 0
}

# Sets COMPREPLY to file names ($1: -f) or directories (-d), and has readline treat them as such.
_cg_import_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

_cg_import() {
    local verbs="check import hub submit list show watch retry cancel release provenance serve migrate token backfill audit witness help"
    local hub_options="-p --profile -c --config --hub --serverca"
    local login_options="--authtype --cert --principal --keytab --user --password-file --runas"
    local trust_options="-k --key -w --witness --quorum --origin"
    local deeds="keygen log show prove verify mirror export restore"
    local service_options="-S --service --token-file --serverca --cert"
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} config="" i

    if ((COMP_CWORD == 1)); then
        # shellcheck disable=SC2086
        _cg_import_words "$current" $verbs --help --version
        return
    fi
    # "--option=value" comes as three words; the last is then the value of the first.
    if [[ $current == "=" ]]; then
        current=""
    elif [[ $before == "=" ]] && ((COMP_CWORD > 2)); then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 2; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -c || ${COMP_WORDS[i]} == --config ]]; then
            config=${COMP_WORDS[i + 1]}
            [[ $config == "=" ]] && config=${COMP_WORDS[i + 2]}
        fi
    done

    case $before in
    -p | --profile)
        mapfile -t COMPREPLY < <(compgen -W "$(_cg_import_profiles "${config/#\~/$HOME}")" -- "$current")
        return
        ;;
    -c | --config | --serverca | --metadata | --ready-file | --cert | --keytab | --password-file | --token-file | --batch | \
        --leaf | --key-file | --tls-cert | --tls-key | -o | --output | -k | --key | -w | --log)
        _cg_import_files -f "$current"
        return
        ;;
    --state-dir | --topdir | --proofs)
        _cg_import_files -d "$current"
        return
        ;;
    --image-level)
        _cg_import_words "$current" off warning error
        return
        ;;
    --authtype)
        _cg_import_words "$current" ssl kerberos password
        return
        ;;
    --state)
        [[ $verb == provenance ]] && { _cg_import_words "$current" imported not-imported any; return; }
        [[ $verb == witness ]] && { _cg_import_files -d "$current"; return; }
        _cg_import_words "$current" receiving queued running held imported rejected canceled
        return
        ;;
    --role)
        _cg_import_words "$current" submitter operator auditor
        return
        ;;
    --format)
        _cg_import_words "$current" spdx-2.3 cyclonedx-1.6 cyclonedx-1.5
        return
        ;;
    --action)
        _cg_import_words "$current" retry cure-stray forget mark-imported
        return
        ;;
    -S | --service | --reference | --nvr | --content-generator | --package | --cg | --rate | --since | --until | --limit | --note | --expires | \
        --rpm | --component | --built-with | --digest | --pullspec | --source | --commit | --parent | --task | \
        --submitter | --depth | --quorum | --origin | --listen)
        COMPREPLY=()
        return
        ;;
    --hub | --principal | --user | --runas | --weburl | --tag | --token | --build-id | --lanes | --jobs)
        COMPREPLY=()
        return
        ;;
    esac

    local options="-h --help"
    case $verb in
    check)
        options+=" --strict --json --tag --no-inspect --image-level $hub_options"
        ;;
    import)
        options+=" --reserve --build-id --token --token-file --draft --tag --strict --dry-run --link --lanes"
        options+=" --inspect --no-inspect --image-level"
        options+=" --clear-stray --batch --jobs --state-dir --no-journal --json -q --quiet -v --verbose"
        options+=" $hub_options $login_options --weburl --topdir"
        ;;
    hub)
        options+=" --json --noauth $hub_options $login_options"
        ;;
    submit)
        options+=" --hub --tag --reserve --draft --reference --wait --lanes --json -q --quiet $service_options"
        ;;
    list)
        options+=" --state --nvr --content-generator --hub --since --until --limit --json $service_options"
        ;;
    show)
        options+=" --events --json $service_options"
        ;;
    watch | cancel)
        options+=" --json $service_options"
        ;;
    retry)
        options+=" --metadata --json $service_options"
        ;;
    release)
        options+=" --action --build-id --note --json $service_options"
        ;;
    provenance)
        options+=" --rpm --component --built-with --digest --pullspec --nvr --build-id --source --commit --parent"
        options+=" --content-generator --task --submitter --since --until --state --limit --hub --depth --components"
        options+=" --key --format --output --csv --json $service_options"
        [[ $current == -* ]] || ((COMP_CWORD > 2)) || {
            _cg_import_words "$current" find show diff ancestors descendants attest sbom
            return
        }
        ;;
    serve)
        options+=" -c --config --check-config --ready-file"
        ;;
    migrate)
        options+=" -c --config"
        ;;
    backfill)
        options+=" -p --profile --cg --package --since --until --rate --dry-run --without-metadata -q --quiet --json"
        options+=" -c --config"
        ;;
    token)
        options+=" --role --content-generator --package --expires --json -c --config"
        [[ $current == -* ]] || ((COMP_CWORD > 2)) || { _cg_import_words "$current" create list revoke; return; }
        ;;
    audit)
        # shellcheck disable=SC2086
        ((COMP_CWORD > 2)) || [[ $current == -* ]] || { _cg_import_words "$current" $deeds; return; }
        case $((COMP_CWORD > 2))${COMP_WORDS[2]} in
        1keygen) options+=" -o --output --witness" ;;
        1log) options+=" --proofs --json $service_options" ;;
        1show) options+=" $service_options" ;;
        1prove) options+=" -o --output $service_options" ;;
        1verify) options+=" --leaf --since --print --json $trust_options $hub_options --hub-name --topdir" ;;
        1mirror) options+=" --json --token-file --serverca --cert $trust_options" ;;
        1export) options+=" $trust_options" ;;
        1restore) options+=" -c --config" ;;
        esac
        ;;
    witness)
        options+=" --key-file --state --log --listen --tls-cert --tls-key --ready-file"
        ;;
    help)
        # shellcheck disable=SC2086
        [[ $current == -* ]] || { _cg_import_words "$current" $verbs; return; }
        ;;
    *)
        COMPREPLY=()
        return
        ;;
    esac
    if [[ $current == -* ]]; then
        # shellcheck disable=SC2086
        _cg_import_words "$current" $options
    elif [[ $verb == check || $verb == import || $verb == submit || $verb == audit ]]; then
        _cg_import_files -f "$current"
    else
        COMPREPLY=()
    fi
}

complete -F _cg_import cg-import
