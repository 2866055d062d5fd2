// Keys of a model file changed: set, copied from another file, removed.
#pragma once

#include <string>

#include "base/error.h"
#include "model/checkpoint.h"

namespace qualm::commands {

/// One key that was changed, values for a person.
struct KeyChange {
  std::string key;
  std::string was;  ///< empty: the key was not there
  std::string now;  ///< empty: it was removed
};

/// "KEY=VALUE": the value becomes one of the type that the key has; of a key that is missing, of
/// the type that llama.cpp reads it as. REPAIR-002, REPAIR-004, REPAIR-005, REPAIR-006.
[[nodiscard]] Result<KeyChange> set_key(model::Checkpoint& checkpoint, const std::string& pair);
/// As `from` has it. REPAIR-005: it does not.
[[nodiscard]] Result<KeyChange> copy_key(model::Checkpoint& checkpoint,
                                         const model::Checkpoint& from, const std::string& key);
[[nodiscard]] Result<KeyChange> remove_key(model::Checkpoint& checkpoint, const std::string& key);

/// What runtimes would refuse or crash at: REPAIR-006.
[[nodiscard]] Result<void> check_keys(const model::Checkpoint& checkpoint);

}  // namespace qualm::commands
