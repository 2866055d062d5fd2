// Makes a case of the clinic: quantizes, edits, writes the file.
#pragma once

#include <functional>
#include <string>

#include "assemble/quantizer.h"
#include "base/error.h"
#include "base/progress.h"
#include "clinic/cases.h"
#include "model/importance.h"

namespace qualm::clinic {

/// The models that cases are made of; empty where there is none.
struct ClinicStock {
  std::string base;
  std::string finetune;
  std::string moe;
  std::string hard = {};  ///< made of the base where a case needs it
  [[nodiscard]] const std::string& of(Stock stock) const noexcept {
    switch (stock) {
      case Stock::finetune:
        return finetune;
      case Stock::moe:
        return moe;
      case Stock::hard:
        return hard;
      case Stock::base:
        break;
    }
    return base;
  }
};

/// The importance matrix of a model on one of the bundled corpora.
using ImportanceOf = std::function<Result<const model::Importance*>(const std::string& model,
                                                                    const std::string& corpus)>;

/// What a case is made with.
struct CaseTools {
  ImportanceOf importance;
  assemble::Quantizer& quantizer;
  Progress& progress;
};

/// Writes the case's file to `path`. CLINIC-003: the stock has nothing the edit could change.
[[nodiscard]] Result<void> make_case(const ClinicCase& made, const ClinicStock& stock,
                                     const CaseTools& tools, const std::string& path);

}  // namespace qualm::clinic
