// `qualm repair`: keys of a GGUF changed, in a new file.
#include <fmt/format.h>

#include <filesystem>

#include "commands/commands.h"
#include "commands/repair_keys.h"
#include "commands/session.h"
#include "engine/llama_engine.h"
#include "formats/gguf/write.h"
#include "formats/read.h"
#include "report/document.h"

namespace qualm::commands {
namespace {

namespace fs = std::filesystem;

Result<void> check_request(const job::Request& request) {
  const auto& repair = request.repair;
  if (repair.set.empty() && repair.copy.empty() && repair.remove.empty())
    return fail({Kind::input, "REPAIR-007", "", "--set", "what is to be changed", "nothing",
                 "For example --set tokenizer.ggml.eos_token_id=2"});
  if (!repair.copy.empty() && repair.from.empty())
    return fail({Kind::input, "REPAIR-007", "", "--from", "the file to copy from", "none",
                 "Name it with --from FILE."});
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(repair.output, ignored)))
    return fail({Kind::input, "REPAIR-003", repair.output, "", "a path where nothing is yet",
                 "a file", "A repair writes a new file: name another one with -o."});
  return check_writable(repair.output);
}

Result<std::vector<report::KeyChange>> change_keys(const job::Request& request,
                                                   model::Checkpoint& checkpoint) {
  std::vector<report::KeyChange> changes;
  const auto add = [&](Result<KeyChange> change) -> Result<void> {
    QUALM_TRY(KeyChange made, std::move(change));
    changes.push_back({made.key, made.was, made.now});
    return {};
  };
  for (const std::string& key : request.repair.remove)
    QUALM_CHECK(add(remove_key(checkpoint, key)));
  if (!request.repair.copy.empty()) {
    QUALM_TRY(const auto from, formats::read(request.repair.from));
    for (const std::string& key : request.repair.copy)
      QUALM_CHECK(add(copy_key(checkpoint, from, key)));
  }
  for (const std::string& pair : request.repair.set) QUALM_CHECK(add(set_key(checkpoint, pair)));
  return changes;
}

/// libllama loads the new file, where it loads the old one.
Result<void> check_loads(const job::Request& request, const std::string& source) {
  const auto engine = engine::make_llama_engine();
  const std::string& made = request.repair.output;
  const auto settings = engine::on_cpu({});
  const auto loaded = engine->load({made, made}, settings);
  if (loaded || !engine->load({source, source}, settings)) return {};
  std::error_code ignored;
  fs::remove(made, ignored);
  return fail({Kind::input, "REPAIR-008", request.models.front(), "",
               "a change with which libllama loads the file", loaded.error().found,
               "No file was written."});
}

}  // namespace

Result<job::Outcome> repair(const job::Request& request) {
  QUALM_CHECK(check_request(request));
  QUALM_TRY(auto checkpoint, formats::read(request.models.front()));
  if (!checkpoint.format.starts_with("GGUF"))
    return fail({Kind::input, "REPAIR-001", request.models.front(), "", "a GGUF", checkpoint.format,
                 "Convert it first (convert_hf_to_gguf.py)."});
  report::RepairReport report;
  report.model = card(checkpoint);
  QUALM_TRY(report.changes, change_keys(request, checkpoint));
  QUALM_CHECK(check_keys(checkpoint));
  QUALM_CHECK(gguf::write(checkpoint, request.repair.output));
  QUALM_CHECK(check_loads(request, checkpoint.files.front().path));
  report.output = request.repair.output;
  return job::Outcome{report::to_json(report), 0};
}

}  // namespace qualm::commands
