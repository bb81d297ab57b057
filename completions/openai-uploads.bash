_openai-uploads() {
    local IFS=$' \t\n'
    local args cur prev cmd opts arg
    args=("${COMP_WORDS[@]}")
    cur="${COMP_WORDS[COMP_CWORD]}"
    prev="${COMP_WORDS[COMP_CWORD-1]}"
    opts="--help -h --version -V --json --quiet -q --verbose -v --base-url --key-file --ca-file --allow-plain-http --timeout --deadline --max-retries --limit-rate"

    case "$prev" in
        --base-url)
            COMPREPLY=($(compgen -f -- "$cur"))
            return 0
            ;;
        --key-file)
            COMPREPLY=($(compgen -f -- "$cur"))
            return 0
            ;;
        --ca-file)
            COMPREPLY=($(compgen -f -- "$cur"))
            return 0
            ;;
        --timeout)
            COMPREPLY=($(compgen -f -- "$cur"))
            return 0
            ;;
        --deadline)
            COMPREPLY=($(compgen -f -- "$cur"))
            return 0
            ;;
        --max-retries)
            COMPREPLY=($(compgen -f -- "$cur"))
            return 0
            ;;
        --limit-rate)
            COMPREPLY=($(compgen -f -- "$cur"))
            return 0
            ;;
    esac

    args=("${args[@]:1}")
    for arg in "${args[@]}"; do
        case "$arg" in
            upload)
                cmd="upload"
                opts="$opts --help -h --purpose -p --mime-type --filename --bytes --part-size --concurrency --md5 --expires-after --progress --resume --wait --dry-run"
                break
                ;;
            cancel)
                cmd="cancel"
                opts="$opts --help -h"
                break
                ;;
            create)
                cmd="create"
                opts="$opts --help -h --filename --purpose -p --bytes --mime-type --expires-after"
                break
                ;;
            part)
                cmd="part"
                opts="$opts --help -h --offset --length"
                break
                ;;
            complete)
                cmd="complete"
                opts="$opts --help -h --md5"
                break
                ;;
            files)
                cmd="files"
                opts="$opts --help -h"
                args=("${args[@]:1}")
                for arg in "${args[@]}"; do
                    case "$arg" in
                        list)
                            cmd="$cmd list"
                            opts="$opts --help -h --purpose -p --limit --order --after"
                            break
                            ;;
                        show)
                            cmd="$cmd show"
                            opts="$opts --help -h"
                            break
                            ;;
                        delete)
                            cmd="$cmd delete"
                            opts="$opts --help -h"
                            break
                            ;;
                        get)
                            cmd="$cmd get"
                            opts="$opts --help -h --output -o --max-bytes"
                            break
                            ;;
                        wait)
                            cmd="$cmd wait"
                            opts="$opts --help -h --interval"
                            break
                            ;;
                    esac
                done
                break
                ;;
            help)
                cmd="help"
                opts="$opts --help -h"
                break
                ;;
            completion)
                cmd="completion"
                opts="$opts --help -h"
                break
                ;;
        esac
    done

    case "$cmd" in
        '')
            COMPREPLY=($(compgen -W "upload cancel create part complete files help completion" -- "$cur"))
            ;;
        'upload')
            case "$prev" in
                --purpose|-p)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --mime-type)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --filename)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --bytes)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --part-size)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --concurrency)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --expires-after)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --progress)
                    COMPREPLY=($(compgen -W "bar lines json" -- "$cur"))
                    return 0
                    ;;
                --resume)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'create')
            case "$prev" in
                --filename)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --purpose|-p)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --bytes)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --mime-type)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --expires-after)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'part')
            case "$prev" in
                --offset)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --length)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'complete')
            case "$prev" in
                --md5)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'files')
            COMPREPLY=($(compgen -W "list show delete get wait" -- "$cur"))
            ;;
        'files list')
            case "$prev" in
                --purpose|-p)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --order)
                    COMPREPLY=($(compgen -W "asc desc" -- "$cur"))
                    return 0
                    ;;
                --after)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'files get')
            case "$prev" in
                --output|-o)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --max-bytes)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'files wait')
            case "$prev" in
                --interval)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
    esac

    if [[ "$cur" = -* ]]; then
        COMPREPLY=($(compgen -W "$opts" -- "$cur"))
    fi
}

complete -F _openai-uploads -o bashdefault -o default openai-uploads
