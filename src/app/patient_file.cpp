#include "app/patient_file.h"

#include "assemble/recipe.h"
#include "formats/read.h"

namespace qualm::app {

Result<std::shared_ptr<PatientFile>> PatientFile::open(const std::string& path) {
  QUALM_TRY(auto checkpoint, formats::read(path));
  return std::shared_ptr<PatientFile>(new PatientFile(path, std::move(checkpoint)));
}

Result<engine::ModelFile> PatientFile::runnable(Progress& progress) {
  if (checkpoint_.format.starts_with("GGUF"))
    return engine::ModelFile{checkpoint_.files.front().path, path_};
  if (!image_) {
    QUALM_TRY(image_, assemble::assemble(checkpoint_, nullptr, {}, progress));
  }
  return engine::ModelFile{image_->path(), path_};
}

}  // namespace qualm::app
