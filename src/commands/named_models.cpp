#include "commands/named_models.h"

#include "commands/ollama_notes.h"
#include "commands/running_server.h"
#include "locate/locate.h"
#include "remote/address.h"

namespace qualm::commands {
namespace {

/// Ollama samples with what its store says.
void take_sampling(const locate::Overrides& overrides, job::RunWith& with) {
  if (!with.temperature) with.temperature = overrides.temperature;
  if (!with.repeat_penalty) with.repeat_penalty = overrides.repeat_penalty;
}

/// All words of the request that may name a model, those of `models` first.
std::vector<std::string*> model_words(job::Request& request) {
  std::vector<std::string*> words;
  for (std::string& model : request.models) words.push_back(&model);
  for (std::string* word :
       {&request.baseline, &request.reference, &request.base_model, &request.clinic.finetune,
        &request.clinic.moe, &request.repair.from, &request.server.file})
    words.push_back(word);
  return words;
}

}  // namespace

Result<std::vector<report::NamedModel>> resolve_names(job::Request& request,
                                                      const locate::Environment& environment) {
  std::vector<report::NamedModel> named;
  const auto words = model_words(request);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (remote::is_server_word(*words[i])) continue;
    QUALM_TRY(const locate::Located located, locate::locate(*words[i], environment));
    if (located.store == locate::Store::path) continue;
    report::NamedModel model{
        .name = located.name, .store = std::string(to_string(located.store)), .path = located.path};
    if (located.overrides && i < request.models.size()) {
      model.notes = ollama_notes(*located.overrides, located.path, request);
      if (request.command == "diagnose") take_sampling(*located.overrides, request.run_with);
    }
    *words[i] = located.path;
    named.push_back(std::move(model));
  }
  QUALM_CHECK(take_running_server(request));
  return named;
}

}  // namespace qualm::commands
