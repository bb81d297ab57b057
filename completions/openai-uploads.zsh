#compdef openai-uploads

_openai-uploads() {
  local context state state_descr line
  typeset -A opt_args

  local -a options=(
    {--help,-h}"[Show this help and leave]"
    {--version,-V}"[Show the version and leave]"
    "--json[Results as JSON, an object a line]"
    {--quiet,-q}"[Show no progress and no notes; failures are shown]"
    {--verbose,-v}"[Report each request on stderr; show no progress bar]"
    "--base-url[OPENAI_BASE_URL, else https\://api.openai.com/v1]: :_files"
    "--key-file[Read the key from FILE, not from OPENAI_API_KEY]: :_files"
    "--ca-file[Authorities to trust; those of the system]: :_files"
    "--allow-plain-http[Send the key to an http\:// URL of another machine, too]"
    "--timeout[Of one request, or of a part without a byte moved; 60]: :_files"
    "--deadline[Of all that is sent for one ID or FILE; none]: :_files"
    "--max-retries[How often a request is tried again; 2]: :_files"
    "--limit-rate[Bytes a second, or a number with K, M or G; no limit]: :_files"
  )
  _arguments -s -S \
    $options \
    ": :_openai-uploads_cmds" \
    "*:: :->args" \
    && return 0

  case $words[1] in
    upload)
      options=(
        $options
        {--help,-h}"[Show this help and leave]"
        {--purpose,-p}"[What the File is for\: batch, fine-tune, ..]: :_files"
        "--mime-type[Taken from the file's name where it is known]: :_files"
        "--filename[What the File is called; with one FILE only]: :_files"
        "--bytes[The size of what comes on standard input]: :_files"
        "--part-size[Bytes, or a number with K or M; by FILE and N]: :_files"
        "--concurrency[Parts at a time, 64 at most; 8]: :_files"
        "--md5[Have the service check the MD5 of the whole]"
        "--expires-after[The File expires so long after its creation]: :_files"
        "--progress[bar, where stderr is a terminal; lines, for a log;
json\: an object a line on stderr]: :(bar lines json)"
        "--resume[Keep in the file STATE what was sent\: the same command
once more sends what is missing]: :_files"
        "--wait[Wait until the service has processed the File]"
        "--dry-run[Check the files and say what would be sent; send nothing]"
      )
      _arguments -s -S \
        $options \
        "*: :_files" \
        && return 0
      ;;

    cancel)
      options=(
        $options
        {--help,-h}"[Show this help and leave]"
      )
      _arguments -s -S \
        $options \
        "*: :_files" \
        && return 0
      ;;

    create)
      options=(
        $options
        {--help,-h}"[Show this help and leave]"
        "--filename[What the File will be called]: :_files"
        {--purpose,-p}"[What the File is for\: batch, fine-tune, ..]: :_files"
        "--bytes[The size of the whole file]: :_files"
        "--mime-type[text/jsonl, application/pdf, ..]: :_files"
        "--expires-after[The File expires so long after its creation]: :_files"
      )
      _arguments -s -S \
        $options \
        && return 0
      ;;

    part)
      options=(
        $options
        {--help,-h}"[Show this help and leave]"
        "--offset[Where the Part begins; 0]: :_files"
        "--length[The bytes of the Part, at most; all the rest]: :_files"
      )
      _arguments -s -S \
        $options \
        ": :_files" \
        ": :_files" \
        && return 0
      ;;

    complete)
      options=(
        $options
        {--help,-h}"[Show this help and leave]"
        "--md5[The service compares it with what it received]: :_files"
      )
      _arguments -s -S \
        $options \
        ": :_files" \
        "*: :_files" \
        && return 0
      ;;

    files)
      options=(
        $options
        {--help,-h}"[Show this help and leave]"
      )
      _arguments -s -S \
        $options \
        ": :_openai-uploads_files_cmds" \
        "*:: :->args" \
        && return 0

      case $words[1] in
        list)
          options=(
            $options
            {--help,-h}"[Show this help and leave]"
            {--purpose,-p}"[Only Files that are for it]: :_files"
            "--limit[As many at most; all]: :_files"
            "--order[asc or desc, by the time of creation; desc]: :(asc desc)"
            "--after[Begin behind that File]: :_files"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        show)
          options=(
            $options
            {--help,-h}"[Show this help and leave]"
          )
          _arguments -s -S \
            $options \
            "*: :_files" \
            && return 0
          ;;

        delete)
          options=(
            $options
            {--help,-h}"[Show this help and leave]"
          )
          _arguments -s -S \
            $options \
            "*: :_files" \
            && return 0
          ;;

        get)
          options=(
            $options
            {--help,-h}"[Show this help and leave]"
            {--output,-o}"[Where the bytes go; -, standard output]: :_files"
            "--max-bytes[Fail for a File that has more; no limit]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        wait)
          options=(
            $options
            {--help,-h}"[Show this help and leave]"
            "--interval[Between two questions at first; 0.5]: :_files"
          )
          _arguments -s -S \
            $options \
            "*: :_files" \
            && return 0
          ;;

      esac
      ;;

    help)
      options=(
        $options
        {--help,-h}"[Show this help and leave]"
      )
      _arguments -s -S \
        $options \
        "*: :_files" \
        && return 0
      ;;

    completion)
      options=(
        $options
        {--help,-h}"[Show this help and leave]"
      )
      _arguments -s -S \
        $options \
        ": :(bash zsh fish)" \
        && return 0
      ;;

  esac

  return 1
}

_openai-uploads_cmds() {
  local -a commands=(
    "upload:Upload whole files"
    "cancel:Cancel Uploads"
    "create:Create an Upload"
    "part:Add a Part to an Upload"
    "complete:Make a File of an Upload"
    "files:List, show, delete, fetch and wait for Files"
    "help:Show the help of a command"
    "completion:Print completions for a shell"
  )
  _describe "command" commands
}

_openai-uploads_files_cmds() {
  local -a commands=(
    "list:List Files"
    "show:Show Files"
    "delete:Delete Files"
    "get:Fetch the bytes of a File"
    "wait:Wait until Files are processed"
  )
  _describe "command" commands
}

_openai-uploads
