// A model on disk, opened: read by our reader first, then ready for libllama.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "assemble/image.h"
#include "base/error.h"
#include "base/progress.h"
#include "engine/engine.h"
#include "model/checkpoint.h"

namespace qualm::experiment {

/// Validated before libllama sees it. What is not a GGUF, or holds BF16, is assembled into one in
/// memory at first use.
class OpenedModel {
 public:
  /// Errors of the readers (exit code 2).
  [[nodiscard]] static Result<std::shared_ptr<OpenedModel>> open(const std::string& path);

  /// A model that no file holds: `name` for people, `identity` says what it was made of.
  [[nodiscard]] static std::shared_ptr<OpenedModel> made(model::Checkpoint checkpoint,
                                                         std::string name, std::string identity);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const model::Checkpoint& checkpoint() const noexcept { return checkpoint_; }
  /// Identifies the content for cache keys.
  [[nodiscard]] const std::string& identity() const noexcept { return identity_; }
  void set_identity(const std::string& identity) { identity_ = identity + kept_; }
  /// From now on it is the model with its first `tokens` entries alone (model/padding.h).
  void keep_tokens(std::int64_t tokens);
  /// libllama opens the file itself: a GGUF without matrices in BF16.
  [[nodiscard]] bool runs_as_it_is() const noexcept;
  /// What libllama can open: the file itself, or the assembled image.
  [[nodiscard]] Result<engine::ModelFile> runnable(Progress& progress);

 private:
  OpenedModel(std::string path, model::Checkpoint checkpoint)
      : path_(std::move(path)), checkpoint_(std::move(checkpoint)) {}
  std::string path_;
  std::string identity_;
  std::string kept_;  ///< of the tokens, where not all are: part of its identity
  model::Checkpoint checkpoint_;
  bool changed_ = false;  ///< the checkpoint is not that of the file, or there is no file
  std::optional<assemble::Image> image_;
};

}  // namespace qualm::experiment
