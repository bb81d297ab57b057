function __fish_openai-uploads_print_command
    set -l cmdline (commandline -poc)
    set -l cmd
    set -e cmdline[1]
    for arg in $cmdline
        switch $arg
            case upload
                set cmd $cmd upload
                break
            case cancel
                set cmd $cmd cancel
                break
            case create
                set cmd $cmd create
                break
            case part
                set cmd $cmd part
                break
            case complete
                set cmd $cmd complete
                break
            case files
                set cmd $cmd files
                set -e cmdline[1]
                for arg in $cmdline
                    switch $arg
                        case list
                            set cmd $cmd list
                            break
                        case show
                            set cmd $cmd show
                            break
                        case delete
                            set cmd $cmd delete
                            break
                        case get
                            set cmd $cmd get
                            break
                        case wait
                            set cmd $cmd wait
                            break
                    end
                end
                break
            case help
                set cmd $cmd help
                break
            case completion
                set cmd $cmd completion
                break
        end
    end
    echo "$cmd"
end

function __fish_openai-uploads_using_command
    test (__fish_openai-uploads_print_command) = "$argv"
    and return 0
    or return 1
end

function __fish_openai-uploads_seen_command
    string match -q "$argv*" (__fish_openai-uploads_print_command)
    and return 0
    or return 1
end

complete -c openai-uploads -n '__fish_openai-uploads_using_command' -xa 'upload' -d 'Upload whole files'
complete -c openai-uploads -n '__fish_openai-uploads_using_command' -xa 'cancel' -d 'Cancel Uploads'
complete -c openai-uploads -n '__fish_openai-uploads_using_command' -xa 'create' -d 'Create an Upload'
complete -c openai-uploads -n '__fish_openai-uploads_using_command' -xa 'part' -d 'Add a Part to an Upload'
complete -c openai-uploads -n '__fish_openai-uploads_using_command' -xa 'complete' -d 'Make a File of an Upload'
complete -c openai-uploads -n '__fish_openai-uploads_using_command' -xa 'files' -d 'List, show, delete, fetch and wait for Files'
complete -c openai-uploads -n '__fish_openai-uploads_using_command' -xa 'help' -d 'Show the help of a command'
complete -c openai-uploads -n '__fish_openai-uploads_using_command' -xa 'completion' -d 'Print completions for a shell'
complete -c openai-uploads -l help -s h -d 'Show this help and leave'
complete -c openai-uploads -l version -s V -d 'Show the version and leave'
complete -c openai-uploads -l json -d 'Results as JSON, an object a line'
complete -c openai-uploads -l quiet -s q -d 'Show no progress and no notes; failures are shown'
complete -c openai-uploads -l verbose -s v -d 'Report each request on stderr; show no progress bar'
complete -c openai-uploads -l base-url -r -d 'OPENAI_BASE_URL, else https://api.openai.com/v1'
complete -c openai-uploads -l key-file -r -d 'Read the key from FILE, not from OPENAI_API_KEY'
complete -c openai-uploads -l ca-file -r -d 'Authorities to trust; those of the system'
complete -c openai-uploads -l allow-plain-http -d 'Send the key to an http:// URL of another machine, too'
complete -c openai-uploads -l timeout -r -d 'Of one request, or of a part without a byte moved; 60'
complete -c openai-uploads -l deadline -r -d 'Of all that is sent for one ID or FILE; none'
complete -c openai-uploads -l max-retries -r -d 'How often a request is tried again; 2'
complete -c openai-uploads -l limit-rate -r -d 'Bytes a second, or a number with K, M or G; no limit'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l help -s h -d 'Show this help and leave'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l purpose -s p -r -d 'What the File is for: batch, fine-tune, ..'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l mime-type -r -d 'Taken from the file\'s name where it is known'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l filename -r -d 'What the File is called; with one FILE only'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l bytes -r -d 'The size of what comes on standard input'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l part-size -r -d 'Bytes, or a number with K or M; by FILE and N'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l concurrency -r -d 'Parts at a time, 64 at most; 8'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l md5 -d 'Have the service check the MD5 of the whole'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l expires-after -r -d 'The File expires so long after its creation'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l progress -xa 'bar lines json' -d 'bar, where stderr is a terminal; lines, for a log;
json: an object a line on stderr'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l resume -r -d 'Keep in the file STATE what was sent: the same command
once more sends what is missing'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l wait -d 'Wait until the service has processed the File'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command upload' -l dry-run -d 'Check the files and say what would be sent; send nothing'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command cancel' -l help -s h -d 'Show this help and leave'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command create' -l help -s h -d 'Show this help and leave'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command create' -l filename -r -d 'What the File will be called'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command create' -l purpose -s p -r -d 'What the File is for: batch, fine-tune, ..'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command create' -l bytes -r -d 'The size of the whole file'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command create' -l mime-type -r -d 'text/jsonl, application/pdf, ..'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command create' -l expires-after -r -d 'The File expires so long after its creation'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command part' -l help -s h -d 'Show this help and leave'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command part' -l offset -r -d 'Where the Part begins; 0'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command part' -l length -r -d 'The bytes of the Part, at most; all the rest'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command complete' -l help -s h -d 'Show this help and leave'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command complete' -l md5 -r -d 'The service compares it with what it received'

complete -c openai-uploads -n '__fish_openai-uploads_using_command files' -xa 'list' -d 'List Files'
complete -c openai-uploads -n '__fish_openai-uploads_using_command files' -xa 'show' -d 'Show Files'
complete -c openai-uploads -n '__fish_openai-uploads_using_command files' -xa 'delete' -d 'Delete Files'
complete -c openai-uploads -n '__fish_openai-uploads_using_command files' -xa 'get' -d 'Fetch the bytes of a File'
complete -c openai-uploads -n '__fish_openai-uploads_using_command files' -xa 'wait' -d 'Wait until Files are processed'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command files' -l help -s h -d 'Show this help and leave'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command files list' -l help -s h -d 'Show this help and leave'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command files list' -l purpose -s p -r -d 'Only Files that are for it'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command files list' -l limit -r -d 'As many at most; all'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command files list' -l order -xa 'asc desc' -d 'asc or desc, by the time of creation; desc'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command files list' -l after -r -d 'Begin behind that File'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command files show' -l help -s h -d 'Show this help and leave'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command files delete' -l help -s h -d 'Show this help and leave'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command files get' -l help -s h -d 'Show this help and leave'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command files get' -l output -s o -r -d 'Where the bytes go; -, standard output'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command files get' -l max-bytes -r -d 'Fail for a File that has more; no limit'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command files wait' -l help -s h -d 'Show this help and leave'
complete -c openai-uploads -n '__fish_openai-uploads_seen_command files wait' -l interval -r -d 'Between two questions at first; 0.5'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command help' -l help -s h -d 'Show this help and leave'

complete -c openai-uploads -n '__fish_openai-uploads_seen_command completion' -l help -s h -d 'Show this help and leave'
