#include "analysis/svm.h"

#include <libsvm/svm.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "base/error.h"

namespace palimpsest::analysis {

double Svm::decision(const Gram& gram, int row) const {
  const double* const products = gram.values.data() + std::size_t(row) * std::size_t(gram.size);
  double sum = 0;
  for (std::size_t k = 0; k < support.size(); ++k) sum += coefficients[k] * products[support[k]];
  return sum - rho;
}

namespace {

// A training problem in LIBSVM's "precomputed" form: of row i, node 0 holds the number of the row and node j the
// product with row j, both counted from 1. Pointers into one matrix of all images would avoid the copy, but LIBSVM
// reads it randomly: packed, the half of 593 images fits a core's cache, which saves a sixth of the time.
struct Problem {
  std::unique_ptr<svm_node[]> nodes;
  std::vector<svm_node*> x;
  std::vector<double> y;

  Problem(const Gram& gram, std::span<const int> rows, std::span<const std::int64_t> positive) {
    const std::size_t n = rows.size();
    nodes = std::make_unique_for_overwrite<svm_node[]>(n * (n + 1));
    for (std::size_t i = 0; i < n; ++i) {
      svm_node* const row = nodes.get() + i * (n + 1);
      row[0] = {0, double(i + 1)};
      for (std::size_t j = 0; j < n; ++j) row[j + 1] = {int(j + 1), gram.at(rows[i], rows[j])};
      x.push_back(row);
      y.push_back(positive[std::size_t(rows[i])] == 1 ? 1 : -1);
    }
  }
};

svm_parameter c_svc(double c, double tolerance) {
  svm_parameter parameter{};
  parameter.svm_type = C_SVC;
  parameter.kernel_type = PRECOMPUTED;
  parameter.cache_size = 100;  // MB; room for every row
  parameter.eps = tolerance;
  parameter.C = c;
  parameter.shrinking = 1;
  return parameter;
}

}  // namespace

Svm train_svm(const Gram& gram, std::span<const int> rows, std::span<const std::int64_t> positive, double c,
              double tolerance) {
  PALIMPSEST_REQUIRE(!rows.empty() && c > 0 && tolerance > 0, "{} rows, C = {}, tolerance = {}", rows.size(), c,
                     tolerance);
  static std::once_flag silenced;
  std::call_once(silenced, [] { svm_set_print_string_function([](const char*) {}); });

  Problem packed(gram, rows, positive);
  const auto& y = packed.y;
  if (std::all_of(y.begin(), y.end(), [&](double value) { return value == y[0]; })) return {{}, {}, -y[0]};
  const svm_problem problem{int(rows.size()), packed.y.data(), packed.x.data()};
  const svm_parameter parameter = c_svc(c, tolerance);
  if (const char* complaint = svm_check_parameter(&problem, &parameter)) throw ContractError(complaint);
  svm_model* model = svm_train(&problem, &parameter);

  const double sign = model->label[0] == 1 ? 1 : -1;  // LIBSVM's decision is positive for the class it lists first
  Svm svm;
  svm.rho = sign * model->rho[0];
  for (int k = 0; k < model->l; ++k) {
    svm.support.push_back(rows[std::size_t(model->sv_indices[k] - 1)]);
    svm.coefficients.push_back(sign * model->sv_coef[0][k]);
  }
  svm_free_and_destroy_model(&model);
  return svm;
}

}  // namespace palimpsest::analysis
