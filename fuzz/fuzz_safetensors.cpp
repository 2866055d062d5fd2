// Any bytes at all as a safetensors file, and as the index of a sharded model; what the container
// accepts goes through every quantization scheme and through all that looks at a checkpoint.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "formats/hf/hf.h"
#include "support.h"

namespace {

using namespace qualm;
using fuzz::Borrowed;
using fuzz::demand;

void read_weights(const safetensors::Container& container) {
  for (const model::SourceFile& file : container.files()) fuzz::check_covered(file);
  const auto model = formats::hf::make_checkpoint(container, nullptr, "", {});
  if (model) {
    fuzz::look_at(*model);
  } else {
    fuzz::demand_code(model.error());
  }
  // The first module that is refused ends the above; here each has its turn.
  for (const std::string& module : formats::weight_modules(container))
    static_cast<void>(formats::read_weight(container, {}, module));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto file = std::make_shared<Borrowed>("m.safetensors", bytes);
  if (const auto container = safetensors::open_file(file)) {
    read_weights(*container);
  } else {
    fuzz::demand_code(container.error());
  }
  const safetensors::Opener opener = [](const std::string& path) {
    const std::string header = R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
    const std::uint64_t length = header.size();
    return Result<std::shared_ptr<const FileSource>>(memory_file(
        path, std::string(reinterpret_cast<const char*>(&length), 8) + header + std::string(1, 0)));
  };
  if (const auto container = safetensors::open_index(file, opener)) {
    demand(!container->tensors().empty(), "an index names tensors");
  } else {
    fuzz::demand_code(container.error());
  }
  return 0;
}
