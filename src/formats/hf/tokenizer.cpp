#include "formats/hf/tokenizer.h"

namespace qualm::formats::hf {

Result<void> read_tokenizer(const std::string&, std::string_view, std::int64_t, model::Metadata&,
                            std::vector<std::string>&) {
  return {};
}

}  // namespace qualm::formats::hf
