-- SPDX-License-Identifier: MIT
-- A release: what `make release` checks, packs and tags, tried in a clone.
-- Runs once: it is made by shell and make.
-- Without a sanitizer: no Lua runs here.
local core_version = require("openai_uploads")._VERSION

local function run(command)
  local clean = "unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS; "
  local pipe = assert(io.popen(clean .. "{ " .. command .. "\n} 2>&1; echo \"status $?\""))
  local output = pipe:read("*a")
  pipe:close()
  return output:match("status (%d+)%s*$") == "0", output
end

describe("make release", function()
  local folder, clone
  local git = "git -c user.name=spec -c user.email=spec@localhost -c tag.gpgSign=false "

  local function in_clone(command) return run("cd " .. clone .. " && " .. command) end

  -- check: the command that stands for the whole of .ci/run.
  local function release(version, check)
    return in_clone(("export GIT_COMMITTER_NAME=spec GIT_COMMITTER_EMAIL=spec@localhost RELEASE_CHECK=%s; " ..
      "make --no-print-directory release VERSION=%s"):format(check or "true", version))
  end

  local function commit_changelog(heading)
    local rename = "sed -i 's/^## \\[Unreleased\\]$/## %s/' CHANGELOG.md && %s commit -qam changelog"
    assert(in_clone(rename:format(heading, git)))
  end

  before_each(function()
    folder = io.popen("mktemp -d"):read("*l")
    clone = folder .. "/clone"
    -- what git would hand out, with what is not committed yet
    assert(run("mkdir " .. clone .. " && git ls-files -co --exclude-standard | while read -r file; do " ..
      "[ -e \"$file\" ] && echo \"$file\"; done | tar -cT - | tar -xC " .. clone .. " && cd " .. clone ..
      " && git init -q -b main && git add -A && " .. git .. "commit -qm all"))
  end)

  after_each(function() os.execute("rm -rf " .. folder) end)

  local ready = ("[%s] - 2026-01-31"):format(core_version)

  local refused = {
    { "what is no version", "next", says = "'next' is not a version" },
    { "another version than the source's", "99.0.0", says = "version.h says " .. core_version },
    { "a version without its heading in the changelog", core_version, is_unreleased = true,
      says = "CHANGELOG.md has no heading" },
    { "a checkout with changes", core_version, before = "echo >>README.md", says = "not committed" },
    { "another branch", core_version, before = "git checkout -q -b topic", says = "this is topic" },
    { "a version that was released before", core_version, before = "git tag v" .. core_version,
      says = "exists already" },
    { "what does not pass its checks", core_version, check = "false", says = "the checks have failed" },
  }
  for _, row in ipairs(refused) do
    it("refuses " .. row[1], function()
      if not row.is_unreleased then commit_changelog(ready) end
      if row.before then assert(in_clone(row.before)) end
      local _, tags_before = in_clone "git tag"
      local ok, output = release(row[2], row.check)
      assert.is_false(ok)
      assert.is_truthy(output:find(row.says, 1, true), output)
      assert.equal(tags_before, select(2, in_clone "git tag"))
    end)
  end

  it("packs a rock that installs, a rockspec with the very same build, and checksums; and sets the tag", function()
    commit_changelog(ready)
    local ok, output = release(core_version)
    assert(ok, output)
    local made = ("build/release/%s/lua-openai-uploads-%s"):format(core_version, core_version)
    assert(in_clone(("cd build/release/%s && sha256sum --quiet -c SHA256SUMS"):format(core_version)))
    assert.equal("v" .. core_version .. "\nstatus 0\n", select(2, in_clone "git tag"))
    local _, difference = in_clone("diff rockspec/lua-openai-uploads-scm-1.rockspec " .. made .. "-1.rockspec")
    local changed = {}
    for line in difference:gmatch "[<>] *([^\n]*)" do changed[#changed + 1] = line end
    assert.same({ 'version = "scm-1"', ('version = "%s-1"'):format(core_version), 'branch = "main",',
      ('tag = "v%s",'):format(core_version) }, changed)
    assert(in_clone(("tar -tzf %s.tar.gz | grep -q /src/uploads/version.h"):format(made)))
    assert(in_clone("unzip -l " .. made .. "-1.src.rock | grep -q rockspec"))
  end)
end)
