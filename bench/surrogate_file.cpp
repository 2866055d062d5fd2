// surrogate_file QUANT OUT.gguf DRAW: the quant decoded, with noise of the size of its rounding
// error (weights/surrogate.h). In trials it is an original whose quants can be made and measured.
#include <cstdio>
#include <cstdlib>

#include "assemble/recipe.h"
#include "formats/read.h"
#include "weights/surrogate.h"

int main(int count, char** words) {
  using namespace qualm;
  if (count != 4) return 2;
  const auto made = [&]() -> Result<void> {
    QUALM_TRY(const model::Checkpoint quant, formats::read(words[1]));
    Progress quiet;
    QUALM_TRY(const assemble::Image image,
              assemble::assemble(weights::surrogate_of(quant, std::strtoull(words[3], nullptr, 10)),
                                 nullptr, {}, quiet));
    return image.save(words[2]);
  }();
  if (!made) std::fprintf(stderr, "%s\n", describe(made.error()).c_str());
  return made ? 0 : 2;
}
