---@meta openai_uploads
-- SPDX-License-Identifier: MIT
-- What an editor shows of `require "openai_uploads"`, for the Lua language server, and the source of docs/reference.md
-- (`make reference`). A program never loads it.

---An Upload as the service returned it, a plain table. Fields that the service adds are kept, a null is an absent field,
---and integers are integers.
---@class openai_uploads.Upload
---@field id string
---@field object? "upload"
---@field bytes integer size of the whole file, as announced
---@field created_at integer seconds since 1970
---@field expires_at? integer seconds since 1970, one hour after the creation
---@field filename string
---@field purpose string
---@field status "pending"|"completed"|"cancelled"|"expired"|string
---@field file? openai_uploads.File only once the Upload is completed

---A File of the service. A completed Upload is one, too.
---@class openai_uploads.File
---@field id string
---@field object "file"
---@field bytes integer
---@field created_at integer seconds since 1970
---@field expires_at? integer seconds since 1970
---@field filename string
---@field purpose string
---@field status? "uploaded"|"processed"|"error"|string deprecated by the service
---@field status_details? string why the service could not process it. Deprecated by the service

---A page of Files.
---@class openai_uploads.FileList
---@field object "list"
---@field data openai_uploads.File[]
---@field has_more boolean whether another page follows. Its `after` is `last_id`
---@field first_id? string
---@field last_id? string

---What is left of a File that was deleted.
---@class openai_uploads.DeletedFile
---@field id string
---@field object "file"
---@field deleted true

---What came of `files.content`: the bytes themselves went to the receiver.
---@class openai_uploads.Content
---@field id string of the File
---@field bytes integer
---@field mime_type? string as the service says

---A Part of an Upload.
---@class openai_uploads.UploadPart
---@field id string
---@field object? "upload.part"
---@field created_at integer seconds since 1970
---@field upload_id string

---Why a call did not succeed. `tostring(failure)` and `..` give one line, such as "not_found: No such Upload (HTTP 404,
---request req_7f3a)". The fields from `upload_id` on belong to whole files.
---@class openai_uploads.Failure
---@field kind openai_uploads.FailureKind
---@field message string the service's own message, or ours
---@field status? integer HTTP status, if there was an answer
---@field code? string|number the service's error code
---@field param? string the parameter that the service refused
---@field type? string the service's type of error
---@field request_id? string names the request to OpenAI's support
---@field location? string where a redirect pointed. Redirects are never followed
---@field headers? table<string, string> of the answer, names in lower case
---@field body? string of the answer, its first 64 KiB at most
---@field attempts integer how many requests were begun
---@field may_have_applied boolean whether the service may have done what you asked although no confirmation came
---@field retry_after? number seconds that the service asked you to wait. Always finite: about 1.8e308 for a number that is too large
---@field upload_id? string the file's Upload, once it was created
---@field part_number? integer the Part that failed
---@field may_be_completed? true the completion was sent and its outcome is unknown. Nothing was cancelled, and sending the file again could create a second File
---@field cancelled? boolean whether the service confirmed that the Upload was cancelled. nil if no cancel was attempted
---@field cancel_failure? openai_uploads.Failure why the cancel failed
---@field resume? openai_uploads.Resume what to pass as `resume`. Only with `keep_on_failure`, and not once the Upload has expired
---@field refused_resume? boolean true if `resume` or `resume_file` belongs to another file, purpose, name, type or expiry
---@field file? openai_uploads.File the File as it was last seen, of `files.wait_until_processed`; the File that is there although its answer was lost, with `confirm_lost`
---@field no_file? true with `confirm_lost`: the service listed no such File so far
---@field status_details? string why the service could not process it
---@field aftermath? string the state that the Upload was left in. `tostring` appends it

---By status: bad_request 400, authentication 401, permission_denied 403, not_found 404, conflict 409, gone 410,
---unprocessable_entity 422, rate_limit 429, server 500 and above, redirect 3xx, status any other.
---
---Without a status: configuration (no key, a bad URL), connection, tls, timeout, aborted, decode (a 2xx that is not the
---expected object; if it holds an error, that is in message, code and type), too_large (an answer over
---max_response_bytes, a Part over 64 MiB, a file of too many Parts), file (the file cannot be read, is not a regular file, or
---changed meanwhile), processing (the service could not process a File).
---@alias openai_uploads.FailureKind
---| "bad_request" | "authentication" | "permission_denied" | "not_found" | "conflict" | "gone"
---| "unprocessable_entity" | "rate_limit" | "server" | "redirect" | "status"
---| "configuration" | "connection" | "tls" | "timeout" | "aborted" | "decode" | "too_large" | "file"
---| "processing"

---How a call went: its third result if `with_response` is set. Times are in seconds.
---@class openai_uploads.Response
---@field status? integer
---@field headers? table<string, string> names in lower case. Several values of one name are joined by ", "
---@field request_id? string
---@field attempts integer
---@field elapsed number the whole call, with all attempts and waits
---@field timings? openai_uploads.Timings of the last attempt
---@field http_version? "1.0"|"1.1"|"2"|"3"
---@field connection_reused? boolean
---@field md5? string of a Part that was sent with `md5 = true`

---Seconds since the attempt began, by libcurl's own clock.
---@class openai_uploads.Timings
---@field name_lookup number
---@field connect number
---@field tls_handshake number 0 without TLS
---@field first_byte number
---@field total number

---The argument of `on_retry`.
---@class openai_uploads.RetryInfo
---@field attempt integer the attempt that just failed, counted from 1
---@field max_retries integer
---@field wait number seconds until the next attempt
---@field part_number? integer of a whole file's Part
---@field failure openai_uploads.Failure of that attempt

---The argument of `log`.
---@class openai_uploads.LogEvent
---@field event "request"|"retry"|"done"
---@field method "POST"|"GET"|"DELETE"
---@field url string without its query
---@field attempt integer
---@field elapsed number seconds since the call began
---@field status? integer
---@field request_id? string of the answer
---@field kind? openai_uploads.FailureKind
---@field message? string
---@field wait? number seconds until a retry

---The options of one call. `new` takes them as the defaults of its client. Times are in seconds. They are read once, from
---the table itself: a metatable is not asked.
---@class openai_uploads.Options
---@field timeout? number for one attempt, from the moment it has a connection; for a Part, after its last byte left. Default: 60, and 600 for `complete` and `files.create`
---@field connect_timeout? number for making a connection, TLS handshake included. Default: 10
---@field stall_timeout? number without a byte moving while a Part or a File is sent, or the content of a File comes. Default: 60
---@field deadline? number|openai_uploads.Deadline for all attempts and waits of the call together. Several calls may share one, see `deadline`. Default: none
---@field max_retries? integer Default: 2
---@field patience? number after its first failure a call is retried for this long, whatever `max_retries` says. Default: 0, and 30 for Parts and completions of a whole file if neither is set
---@field retry_delay? number before the first retry. It doubles with each further one. Default: 0.5
---@field max_retry_delay? number Default: 8
---@field max_retry_after? number if the service asks for a longer wait, the call ends at once. Default: 60
---@field headers? table<string, string|number|false> added to the client's, or replacing those of the same name. `false` keeps a header from being sent. Default: OPENAI_CUSTOM_HEADERS, lines of `Name: value`
---@field query? table<string, string|number|boolean> added to every URL. Default: none
---@field with_response? boolean return a third result, which describes how the call went. Default: false
---@field on_retry? fun(info: openai_uploads.RetryInfo) called before each wait. An error in it ends the call with `aborted`
---@field log? fun(event: openai_uploads.LogEvent) called with each event. An error in it, other than Ctrl-C, is reported on stderr. Default: stderr if OPENAI_LOG is `info` (retries and ends of calls) or `debug` (requests too)

---The settings of a client, beside all options. A missing setting comes from the environment, then from the default.
---@class openai_uploads.Settings: openai_uploads.Options
---@field deadline? number for all attempts and waits of each call. Default: none
---@field api_key? string|fun(): string?, string? a function is called before every attempt, and may return nil and a reason. Default: OPENAI_API_KEY
---@field base_url? string may have a path, a port and a query. Default: OPENAI_BASE_URL, then https://api.openai.com/v1
---@field organization? string Default: OPENAI_ORG_ID
---@field project? string Default: OPENAI_PROJECT_ID
---@field auth_header? "bearer"|"api-key" the header that carries the key. Azure takes "api-key". Default: "bearer"
---@field max_response_bytes? integer of a decompressed answer. A page of `files.list` may have 8 MiB in any case. Default: 1048576
---@field max_connections? integer calls beyond this number wait in line. Default: 64
---@field max_bytes_per_step? integer a step ends soon after it sent this many bytes of Parts, 1024 to 1073741824. Default:
---65536 in a step that does not wait, and as many as go within half a millisecond in one that may wait
---@field proxy? string URL of a proxy, or "" for none. Default: https_proxy and curl's other variables, except for hosts in no_proxy
---@field ca_file? string certificates of the authorities to trust, for the service and for a proxy that speaks TLS. Default: CURL_CA_BUNDLE, SSL_CERT_FILE, then libcurl's own. It is read when the client is made, too, for a process that cannot open it later
---@field ca_path? string a folder of such certificates. Default: SSL_CERT_DIR, then libcurl's own
---@field client_cert? string path of a client certificate
---@field client_key? string path of its key
---@field client_key_password? string for an encrypted `client_key`. Nothing asks for it on a terminal
---@field verify_tls? boolean Default: true
---@field allow_plain_http? boolean accept http:// for hosts other than loopback addresses. Default: false
---@field user_agent? string Default: names this library, Lua and libcurl with their versions
---@field loop? "blocking"|"nginx"|"cqueues"|"luv"|"copas"|"neovim"|"haproxy"|"tarantool"|"glib"|"prosody"|openai_uploads.Loop how a call waits. Default: "nginx" inside nginx, else "blocking"

---An event loop of your own, for calls that suspend only their coroutine.
---@class openai_uploads.Loop
---@field wait fun(client: openai_uploads.Client, transfer: openai_uploads.Transfer, seconds?: number) suspends the running coroutine until something may have happened. It is called again until `transfer:done()`, and need not wait longer than `seconds`
---@field refusal? fun(): string? why no call can wait at present. It becomes a `configuration` failure
---@field forget? fun(client: openai_uploads.Client) called by `close` before the descriptor is closed: the loop must stop to watch it, and let the coroutines that wait for the client go on
---@field spawn? fun(action: fun()): (true|fun())? runs `action` in a coroutine of its own that can wait in the loop, so that data functions can. Returns true, or a function that ends that coroutine, or nil if none can be run here. Without it, data functions are called in the client's steps

---Makes loops of hosts that have no name among the settings. It is on the module alone, not on other clients.
---@class openai_uploads.Loops
local loops = {}

---The loop of a host that can sleep in a coroutine, or in a thread, of its own.
---@param sleep fun(seconds: number) suspends the running coroutine. `seconds` is 0.02 at most
---@return openai_uploads.Loop
function loops.sleeping(sleep) end

---The loop of a host that has one-shot timers. Calls are made in coroutines of the program. An error in one is raised in
---`action`.
---@param after fun(seconds: number, action: fun()) calls `action` once, later, and never before it returns. `seconds` is 0 for the next turn of the host, and 1 at most
---@return openai_uploads.Loop
function loops.timers(after) end

---The params of `create`. Others that the service knows are sent unchanged. Params are read once and copied. Those named
---here may come from a metatable's `__index`, others must stand in the table itself.
---@class openai_uploads.CreateParams
---@field filename string
---@field purpose string
---@field bytes integer size of the whole file
---@field mime_type string
---@field expires_after? { anchor: "created_at", seconds: integer } when the File expires, 3600 to 2592000 seconds after its creation

---The params of `parts.create`: either `data` or `file`. Each is read once and may come from a metatable's `__index`.
---@class openai_uploads.PartParams
---@field data? string|file*|fun(): string?, any the bytes; or an open file, from its present position; or a function that returns the next chunk, nil at the end, or nil and a reason to give up
---@field file? string path of a regular file
---@field offset? integer bytes of a string or file to skip. Default: 0
---@field length? integer bytes to send. A piece of a string or file may be shorter, where that ends. A function must return exactly this many. Default: all the rest
---@field md5? boolean give the MD5 of the bytes that were sent in the response (`with_response`). Default: false
---@field rewind? fun() restarts a data function, so that its Part can be retried

---The params of `complete`.
---@class openai_uploads.CompleteParams
---@field part_ids string[] in the order of the file. An empty list raises an error
---@field md5? string of all bytes, 32 hexadecimal digits, which the service compares

---The params of `files.create`: either `file`, or `data` and `filename`. Each is read once and may come from a metatable's
---`__index`.
---@class openai_uploads.FileCreateParams
---@field file? string path of a regular file
---@field data? string|file*|fun(): string?, any as for `parts.create`
---@field length? integer bytes to send. A function must return exactly this many. Default: all
---@field rewind? fun() restarts a data function, so that the call can be retried
---@field filename? string Default: the last part of `file`
---@field purpose string
---@field mime_type? string Default: "application/octet-stream"
---@field expires_after? { anchor: "created_at", seconds: integer } when the File expires, 3600 to 2592000 seconds after its creation

---The params of `files.list`. Other fields raise an error.
---@class openai_uploads.ListParams
---@field purpose? string only Files of that purpose
---@field limit? integer Files in the page at most, 1 to 10000. Default: the service's, 10000
---@field after? string the id of the File behind which the page begins
---@field order? "asc"|"desc" by the time of their creation. Default: the service's, "desc"

---The params of `files.content`. Each is read once and may come from a metatable's `__index`.
---@class openai_uploads.ContentParams
---@field to string|file*|fun(bytes: string): any, any the receiver: a path; or an open file, written from its present position; or a function that takes the next bytes, 256 KiB at most. It may return nil or false, and a reason to give up
---@field max_bytes? integer a File that is larger is the failure `too_large`. Default: no limit

---The params of `upload_file_chunked`: either `file`, or `data` and `filename`.
---@class openai_uploads.FileParams
---@field file? string path of a regular file
---@field data? string|fun(): string?, any|file*|openai_uploads.Readable the bytes themselves; or a stream: a function as `Readable.read`, an open file or a pipe from its present position, or an object with `read`
---@field purpose string
---@field filename? string Default: the last part of `file`
---@field mime_type? string Default: by the extension, and "application/octet-stream" for an unknown one
---@field bytes? integer the size that the file must have. A stream whose size is not given goes into a temporary file first, because the creation announces it
---@field spool? boolean keep a stream in a temporary file without a name instead of in memory. Default: false, and true without `bytes`. TMPDIR names the folder
---@field data_timeout? number seconds to wait for the next piece of a stream. Then the failure is `timeout`. A function that blocks the program cannot be interrupted. Default: none
---@field part_size? integer bytes of each Part but the last, 1 to 64 MiB. Default: the size of the file divided by `concurrency`, 256 KiB to 64 MiB, and to 4 MiB for a stream in memory. Where sent Parts are saved, an eighth of that, 256 KiB to 16 MiB. A `resume_file` keeps the size of the Parts that were sent
---@field concurrency? integer Parts at a time, 1 to 64. Default: 8, and 4 for a stream
---@field md5? string 32 hexadecimal digits, or "compute": a thread reads the file meanwhile, or it is computed as a stream passes
---@field expires_after? { anchor: "created_at", seconds: integer } when the File expires, 3600 to 2592000 seconds after its creation
---@field on_progress? fun(sent: integer, total: integer) called with bytes after each Part, and ten times a second at most in between. `sent` falls back when a Part must be sent again
---@field on_checkpoint? fun(resume: openai_uploads.Resume, part?: openai_uploads.ResumePart) called after the creation, after each Part, and before the completion, with what to save in order to survive a crash. It is one table that grows; the second argument is what was added
---@field confirm_lost? boolean after a lost answer to the call that makes the File, look in the service's list of Files, which costs a call. The failure then has `file`, or `no_file`. Default: false
---@field keep_on_failure? boolean keep the Upload for `resume` instead of cancelling it. Default: false
---@field resume_file? string not with a stream: path of a file in which the library records what was sent. After a failure or a crash, the same call sends the rest. The file is removed once all is sent. One upload at a time can have it. Excludes `resume` and implies `keep_on_failure`
---@field resume? openai_uploads.Resume not with a stream: of a failure or a checkpoint, perhaps of another process. Only missing Parts are sent. Anything that differs is the failure `file`, with `refused_resume`

---A stream that is no file of Lua's, such as a socket.
---@class openai_uploads.Readable
---@field read fun(self: openai_uploads.Readable, size: integer): string?, any returns the next piece, of any size; nil at the end; or nil and a reason to give up. `size` is 65536. It is called once more after the last byte. In a client with a loop it may wait in that loop

---What is needed to continue a file's Upload: a plain table, which can be saved as JSON.
---@class openai_uploads.Resume
---@field upload_id string
---@field filename string this and the next fields must be the same again
---@field purpose string
---@field mime_type string
---@field bytes integer
---@field expires_after? { anchor: "created_at", seconds: integer }
---@field part_size integer
---@field parts openai_uploads.ResumePart[] those that the service has
---@field completing? true once the completion may have been sent

---A Part that the service has.
---@class openai_uploads.ResumePart
---@field number integer counted from 1
---@field id string
---@field md5 string of its bytes as they were sent. The file must hold the same bytes still

---A client. The module itself is one, made from the environment at its first call. Write a dot, never a colon.
---@class openai_uploads.Client
local uploads = {}

---Cancels an Upload. No Parts can be added after that. POST /uploads/{upload_id}/cancel.
---
---Failures: `bad_request` if it is no longer pending, `not_found`, `gone` if it has expired, and those that any call can
---have. If `failure.may_have_applied` is true, an earlier attempt may have cancelled it.
---@param upload_id string any bytes except NUL, percent-encoded as needed. Empty, "." and ".." raise an error
---@param options? openai_uploads.Options
---@return openai_uploads.Upload? upload with status "cancelled"
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response with `with_response`
function uploads.cancel(upload_id, options) end

---Creates an Upload, which takes Parts for one hour. POST /uploads.
---
---Failures: `bad_request` for params that the service refuses, and those that any call can have. If
---`failure.may_have_applied` is true, there may be an Upload whose id nobody knows. It expires by itself.
---@param params openai_uploads.CreateParams a missing field, or one of the wrong type, raises an error
---@param options? openai_uploads.Options
---@return openai_uploads.Upload? upload with status "pending"
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response with `with_response`
function uploads.create(params, options) end

---Opens a connection ahead of need. The next call then takes one round trip. No request is sent. Where there is a
---connection already, nothing is opened. The key is read, and not sent.
---@param options? openai_uploads.Options
---@return true? connected
---@return openai_uploads.Failure? failure
function uploads.connect(options) end

---Calls on Parts.
uploads.parts = {}

---Opens the connection of a Part over 64 000 bytes ahead of need, as `connect` does. Such a Part goes on a connection of
---its own where the service speaks HTTP/2. With an http:// URL nothing is opened.
---@param options? openai_uploads.Options
---@return true? connected
---@return openai_uploads.Failure? failure
function uploads.parts.connect(options) end

---Adds a Part of at most 64 MiB, streamed from where it is. POST /uploads/{upload_id}/parts. A retry sends it from its
---start. A Part from a function without `rewind` is not retried once the function was called.
---
---Failures: `file`, `too_large` before anything is sent, `aborted` for a function that raised an error or gave up,
---`bad_request` if the Upload takes no more Parts, `not_found`, `gone` if it has expired, and those that any call can have.
---If `failure.may_have_applied` is true, there may be a Part whose id nobody knows. It does no harm.
---@param upload_id string
---@param params openai_uploads.PartParams fields that contradict each other raise an error
---@param options? openai_uploads.Options
---@return openai_uploads.UploadPart? part
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response with `with_response`
function uploads.parts.create(upload_id, params, options) end

---Completes an Upload: its Parts, in that order, become a File. POST /uploads/{upload_id}/complete.
---
---Failures: `bad_request` if the size or the md5 differs, a Part is unknown, or the Upload is no longer pending;
---`not_found`, `gone`, and those that any call can have. If `failure.may_have_applied` is true, it may have been completed.
---@param upload_id string
---@param params openai_uploads.CompleteParams
---@param options? openai_uploads.CompleteOptions
---@return openai_uploads.Upload? upload with status "completed" and a `file`
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response with `with_response`
function uploads.complete(upload_id, params, options) end

---The options of `complete`.
---@class openai_uploads.CompleteOptions: openai_uploads.Options
---@field confirm_lost? openai_uploads.Upload|false the Upload as `create` gave it: after a lost answer, look in the service's list of Files for its File. The failure then has `file`, or `no_file`. Default: false

---Calls on Files.
uploads.files = {}

---Sends a File of at most 512 MiB in one call, streamed from where it is. POST /files. A retry sends it from its start.
---
---Failures: `file`, `too_large` before anything is sent, `aborted` for a function that raised an error or gave up,
---`bad_request` for params that the service refuses, and those that any call can have. If `failure.may_have_applied` is
---true, there may be a File whose id nobody knows.
---@param params openai_uploads.FileCreateParams
---@param options? openai_uploads.FileCreateOptions
---@return openai_uploads.File? file
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response with `with_response`
function uploads.files.create(params, options) end

---The options of `files.create`.
---@class openai_uploads.FileCreateOptions: openai_uploads.Options
---@field confirm_lost? boolean after a lost answer, look in the service's list of Files. The failure then has `file`, or `no_file`. Default: false

---Asks for a File, as the service describes it. GET /files/{file_id}.
---
---Failures: `not_found`, and those that any call can have. `failure.may_have_applied` is always false, because nothing can
---change.
---@param file_id string any bytes except NUL, percent-encoded as needed. Empty, "." and ".." raise an error
---@param options? openai_uploads.Options
---@return openai_uploads.File? file
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response with `with_response`
function uploads.files.retrieve(file_id, options) end

---Asks for one page of Files. GET /files.
---
---Failures: `bad_request` for params that the service refuses, and those that any call can have.
---`failure.may_have_applied` is always false.
---@param params? openai_uploads.ListParams
---@param options? openai_uploads.Options
---@return openai_uploads.FileList? page
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response with `with_response`
function uploads.files.list(params, options) end

---Fetches the bytes of a File, streamed to a receiver. GET /files/{file_id}/content. A path is written under another name
---beside it, and renamed once it is whole: whatever happens, no half file stands there, and an older one stays until then. A
---function is called from steps of the client, and cannot wait for a loop. Nothing is received while it runs. A retry begins
---again from the first byte. After a function, a pipe or a file that is appended to had bytes, there is none.
---
---`stall_timeout` counts once bytes come, and `timeout` until then. Failures: `file` for a receiver that cannot be written,
---`too_large`, `aborted` for a function that raised an error or gave up, `not_found`, and those that any call can have.
---`failure.may_have_applied` is always false.
---@param file_id string
---@param params openai_uploads.ContentParams
---@param options? openai_uploads.Options
---@return openai_uploads.Content? content
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response with `with_response`
function uploads.files.content(file_id, params, options) end

---Iterates over all Files, page by page: `for file, failure in uploads.files.each { ... } do`. A call that fails gives
---`false` and the failure, and ends the loop. A File that is deleted as it is given does not disturb the next page. In plain
---Lua 5.1 a client with a `loop` cannot wait within a `for`: ask for pages with `list` there.
---@param params? openai_uploads.ListParams `limit` is that of a page. Default: 1000
---@param options? openai_uploads.Options of each page
---@return fun(): openai_uploads.File|false?, openai_uploads.Failure? next
function uploads.files.each(params, options) end

---Asks for a File until the service has processed it. It asks again after connection failures, timeouts, 409, 429 and 5xx as
---well, and waits for as long as the service asks. A File without a `status` counts as processed.
---
---Failures: `processing` if the service could not process it, with `status_details`; `timeout` at the deadline; `not_found` if
---it is deleted meanwhile; and those of `files.retrieve`. Each has the File as it was last seen in `file`.
---@param file_id string
---@param options? openai_uploads.WaitOptions
---@return openai_uploads.File? file with status "processed"
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response of the last question, with `with_response`
function uploads.files.wait_until_processed(file_id, options) end

---The options of `files.wait_until_processed`. Times are in seconds.
---@class openai_uploads.WaitOptions: openai_uploads.Options
---@field interval? number between the first two questions. It grows by half each time. Default: 0.5
---@field max_interval? number Default: 5
---@field deadline? number|openai_uploads.Deadline of the whole wait. Default: 1800

---Deletes a File. DELETE /files/{file_id}.
---
---Failures: `not_found`, and those that any call can have. `not_found` with `failure.may_have_applied` means that an earlier
---attempt of this call got no answer, and probably deleted the File.
---@param file_id string
---@param options? openai_uploads.Options
---@return openai_uploads.DeletedFile? deleted
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response with `with_response`
function uploads.files.delete(file_id, options) end

---Sends a whole file: creates an Upload, sends its Parts at the same time, and completes it. After a failure the Upload is
---cancelled, or kept so that it can be resumed, and the failure says which. The memory it takes does not depend on the
---size of the file.
---
---Failures: those of the calls it makes, with `part_number`, `upload_id`, `cancelled`, `aftermath` and `resume`; `file` also
---if the file changes meanwhile, or a stream has another size than `bytes`; `timeout` also if a stream is late; `aborted`
---for an error in one of your functions, or a stream that gave up.
---@param params openai_uploads.FileParams
---@param options? openai_uploads.Options of each call it makes. Only `deadline` is for all of them together
---@return openai_uploads.Upload? upload with status "completed" and a `file`
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response of the completion, with `with_response`
function uploads.upload_file_chunked(params, options) end

---Sends a file of any size, and gives the File. A file or a string of `single_call_bytes` at most goes in one call, as
---`files.create` sends it. All else goes in parts, as `upload_file_chunked` sends it, and so does what asks for `md5`,
---`resume`, `resume_file`, `keep_on_failure` or `on_checkpoint`. An aborted call of the first kind has nothing to cancel.
---
---Failures: those of these two.
---@param params openai_uploads.AnyFileParams
---@param options? openai_uploads.Options of each call it makes. Only `deadline` is for all of them together
---@return openai_uploads.File? file
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response of the last call, with `with_response`
function uploads.upload_file(params, options) end

---The params of `upload_file`: those of `upload_file_chunked`, and one more.
---@class openai_uploads.AnyFileParams: openai_uploads.FileParams
---@field single_call_bytes? integer files of at most so many bytes go in one call, 0 to 536870912. Default: 8388608

---Guards an Upload: `local upload <close> = uploads.guard(uploads.create { ... })` cancels it at the end of the scope,
---however that is left, unless it was completed through this client. Below Lua 5.4 it raises an error.
---
---A failure of that cancel raises nothing: the client's `log` reports it. Where nothing can wait (`coroutine.close` with a
---`loop`), the cancel is made when the collector comes, as for a guard whose scope is never left.
---@param upload? openai_uploads.Upload the result of `create`. It gets a metatable with `__close` alone
---@param failure? openai_uploads.Failure
---@param response? openai_uploads.Response
---@return openai_uploads.Upload? upload the same table
---@return openai_uploads.Failure? failure the same
---@return openai_uploads.Response? response the same
function uploads.guard(upload, failure, response) end

---Creates an Upload, calls `action` with it, and cancels it unless it was completed through this client meanwhile. An
---error in `action` is raised again unchanged after the cancel. A failure of the cancel raises nothing: the client's `log`
---reports it. In plain Lua 5.1 a client with a `loop` leaves the cancel after an error to the collector.
---
---Failures: those of `create`. Then `action` is not called.
---@param params openai_uploads.CreateParams raises errors as `create` does
---@param action fun(upload: openai_uploads.Upload, response?: openai_uploads.Response): ...: any
---@param options? openai_uploads.Options of `create` alone
---@return any ... the results of `action`, or nil and a failure
function uploads.with_upload(params, action, options) end

---Cancels many Uploads, `max_connections` at a time. One failure never stops the rest. An id that occurs twice is sent
---once. An error in `on_result` ends the cancels under way and is raised.
---@param ids string[]
---@param options? openai_uploads.CancelAllOptions
---@return table<string, openai_uploads.Upload> cancelled by id
---@return table<string, openai_uploads.Failure>? failures by id, nil if there are none
function uploads.cancel_all(ids, options) end

---The options of `cancel_all`.
---@class openai_uploads.CancelAllOptions: openai_uploads.Options
---@field on_result? fun(id: string, upload?: openai_uploads.Upload, failure?: openai_uploads.Failure) called with each result as it comes

---The same calls, begun and not waited for. What can be sent at once is sent. They call none of your functions and leave
---that to the next step, which is due at once. Wrong arguments raise errors as in the other calls.
uploads.start = {}

---Begins `cancel`.
---@param upload_id string
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.cancel(upload_id, options) end

---Begins `create`.
---@param params openai_uploads.CreateParams
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.create(params, options) end

---Begins `complete`.
---@param upload_id string
---@param params openai_uploads.CompleteParams
---@param options? openai_uploads.CompleteOptions
---@return openai_uploads.Transfer
function uploads.start.complete(upload_id, params, options) end

---Begins `connect`. The transfer's result is `true`.
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.connect(options) end

uploads.start.parts = {}

---Begins `parts.connect`.
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.parts.connect(options) end

---Begins `parts.create`.
---@param upload_id string
---@param params openai_uploads.PartParams
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.parts.create(upload_id, params, options) end

uploads.start.files = {}

---Begins `files.create`.
---@param params openai_uploads.FileCreateParams
---@param options? openai_uploads.FileCreateOptions
---@return openai_uploads.Transfer
function uploads.start.files.create(params, options) end

---Begins `files.wait_until_processed`.
---@param file_id string
---@param options? openai_uploads.WaitOptions
---@return openai_uploads.Transfer
function uploads.start.files.wait_until_processed(file_id, options) end

---Begins `files.content`.
---@param file_id string
---@param params openai_uploads.ContentParams
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.files.content(file_id, params, options) end

---Begins `files.retrieve`.
---@param file_id string
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.files.retrieve(file_id, options) end

---Begins `files.list`.
---@param params? openai_uploads.ListParams
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.files.list(params, options) end

---Begins `files.delete`.
---@param file_id string
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.files.delete(file_id, options) end

---Begins `upload_file`.
---@param params openai_uploads.AnyFileParams
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.upload_file(params, options) end

---Begins `upload_file_chunked`. The transfer's `abort` begins the cancel, and the transfer is done when the cancel is. A
---second `abort` gives up on the cancel.
---@param params openai_uploads.FileParams
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.upload_file_chunked(params, options) end

---Drives every transfer of this client: sends, receives, retries, and calls its `on_retry`, `log` and `api_key` functions. A
---step that does not wait is short: it sends 64 KiB of the Parts under way, or `max_bytes_per_step`.
---@param seconds? number how long to wait at most for something to happen. Default: 0
---@return integer running how many transfers still run
function uploads.step(seconds) end

---One descriptor that is readable when a step has something to do, for a loop of your own.
---@return integer? descriptor nil if the system has none (Linux has)
function uploads.fd() end

---When the next step is due, for a loop of your own.
---@return number? seconds until then, nil if only the descriptor matters
function uploads.timeout() end

---Ends every transfer with `aborted` and closes the connections. A later call opens new ones.
function uploads.close() end

---A call that was begun. If you drop it, the collector aborts and frees it, unless it has a listener.
---`local t <close>` aborts it at the end of its scope.
---@class openai_uploads.Transfer
local transfer = {}

---Steps its client without waiting. You may ask again after the end.
---@return boolean done false while it runs, and then the only result
---@return openai_uploads.Upload? upload
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response with `with_response`
function transfer:poll() end

---Waits for the end, then returns the same as `poll`.
---@param seconds? number at most. Default: as long as it takes
---@return boolean done false if the time was up, and then the only result
---@return openai_uploads.Upload? upload
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response with `with_response`
function transfer:wait(seconds) end

---Looks whether it has ended, without a step.
---@return boolean done as of the last step
function transfer:done() end

---Calls `listener` from the step that ends it, or at once if a step has ended it before. There is one listener. A client
---with a `loop` sets it itself while it waits. An error in it, other than Ctrl-C, is reported on stderr. The client holds
---a transfer with a listener until it is done. When you drop the client too, nobody can step it, and both are collected.
---@param listener fun(transfer: openai_uploads.Transfer)
function transfer:on_done(listener) end

---How much of its body was handed over. Of `files.content`: how many bytes came.
---@return integer sent bytes so far
---@return integer? total nil if a data function gave no length, and for `files.content`
function transfer:progress() end

---Ends it with the failure `aborted`, which has `may_have_applied`.
---@return boolean was_running
function transfer:abort() end

---The time at which several calls have to be done, such as all that one request of yours leads to. Pass it as the option
---`deadline` of each. A call that begins after that time sends nothing, and fails with `timeout`.
---@class openai_uploads.Deadline
local deadline = {}

---@return number seconds until then. Negative after it
function deadline:left() end

---@return number seconds that it was made with
function deadline:seconds() end

---Makes a deadline, which counts from now.
---@param seconds number 0.001 or more
---@return openai_uploads.Deadline
function uploads.deadline(seconds) end

---Makes a client with its own settings. An unknown setting, or one of the wrong type or out of range, raises an error. A
---missing key or a bad URL is the `configuration` failure of every call instead.
---@param settings? openai_uploads.Settings
---@return openai_uploads.Client
function uploads.new(settings) end

---@class openai_uploads.Module: openai_uploads.Client
---@field _VERSION string the release
---@field _NAME "openai_uploads"
---@field loops openai_uploads.Loops

---@type openai_uploads.Module
return uploads
