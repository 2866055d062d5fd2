#include "experiment/model_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "assemble/recipe.h"
#include "formats/read.h"
#include "model/padding.h"

namespace qualm::experiment {

Result<std::shared_ptr<OpenedModel>> OpenedModel::open(const std::string& path) {
  QUALM_TRY(auto checkpoint, formats::read_language_model(path));
  return std::shared_ptr<OpenedModel>(new OpenedModel(path, std::move(checkpoint)));
}

std::shared_ptr<OpenedModel> OpenedModel::made(model::Checkpoint checkpoint, std::string name,
                                               std::string identity) {
  auto model =
      std::shared_ptr<OpenedModel>(new OpenedModel(std::move(name), std::move(checkpoint)));
  model->identity_ = std::move(identity);
  model->changed_ = true;
  return model;
}

void OpenedModel::keep_tokens(std::int64_t tokens) {
  checkpoint_ = model::first_tokens(std::move(checkpoint_), tokens);
  kept_ = fmt::format("/tokens-{}", tokens);
  identity_ += kept_;
  changed_ = true;
}

bool OpenedModel::runs_as_it_is() const noexcept {
  return !changed_ && checkpoint_.format.starts_with("GGUF") &&
         std::ranges::none_of(checkpoint_.tensors, assemble::is_bf16_matrix);
}

Result<engine::ModelFile> OpenedModel::runnable(Progress& progress) {
  if (runs_as_it_is()) return engine::ModelFile{checkpoint_.files.front().path, path_};
  if (!image_) {
    QUALM_TRY(image_, assemble::assemble(checkpoint_, nullptr, {}, progress));
  }
  return engine::ModelFile{image_->path(), path_};
}

}  // namespace qualm::experiment
