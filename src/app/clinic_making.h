// Makes a patient of the clinic ill: quantizes, edits, writes the file.
#pragma once

#include <functional>
#include <string>

#include "app/clinic_patients.h"
#include "assemble/quantizer.h"
#include "base/error.h"
#include "base/progress.h"
#include "model/importance.h"

namespace qualm::app {

/// The models patients are made of; empty where there is none.
struct ClinicStock {
  std::string base;
  std::string finetune;
  std::string moe;
  [[nodiscard]] const std::string& of(Stock stock) const noexcept {
    return stock == Stock::base ? base : stock == Stock::finetune ? finetune : moe;
  }
};

/// The importance matrix of a model on one of the bundled corpora.
using ImportanceOf = std::function<Result<const model::Importance*>(const std::string& model,
                                                                    const std::string& corpus)>;

/// Writes the patient's file to `path`. CLINIC-003: the stock has nothing the edit could change.
[[nodiscard]] Result<void> make_clinic_patient(const ClinicPatient& patient,
                                               const ClinicStock& stock,
                                               const ImportanceOf& importance,
                                               assemble::Quantizer& quantizer,
                                               const std::string& path, Progress& progress);

}  // namespace qualm::app
