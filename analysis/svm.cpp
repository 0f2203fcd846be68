#include "analysis/svm.h"

#include <libsvm/svm.h>

#include <algorithm>
#include <mutex>

#include "base/error.h"

namespace palimpsest {

// Row i in LIBSVM's form: node 0 holds the row's number, node j the product with row j (both counted from 1). LIBSVM
// finds K(x_a, x_b) as x[a][x[b][0].value].value, so any subset of the row pointers is a problem of its own.
struct SvmTrainer::Nodes {
  int size;
  std::vector<svm_node> storage;

  svm_node* row(int i) { return storage.data() + std::size_t(i) * std::size_t(size + 1); }
};

double Svm::decision(const Gram& gram, int row) const {
  const double* const products = gram.values.data() + std::size_t(row) * std::size_t(gram.size);
  double sum = 0;
  for (std::size_t k = 0; k < support.size(); ++k) sum += coefficients[k] * products[support[k]];
  return sum - rho;
}

SvmTrainer::SvmTrainer(const Gram& gram) : nodes_(std::make_unique<Nodes>()) {
  static std::once_flag silenced;
  std::call_once(silenced, [] { svm_set_print_string_function([](const char*) {}); });
  nodes_->size = gram.size;
  nodes_->storage.resize(std::size_t(gram.size) * std::size_t(gram.size + 1));
  for (int i = 0; i < gram.size; ++i) {
    svm_node* const row = nodes_->row(i);
    row[0] = {0, double(i + 1)};
    for (int j = 0; j < gram.size; ++j) row[j + 1] = {j + 1, gram.at(i, j)};
  }
}

SvmTrainer::~SvmTrainer() = default;
SvmTrainer::SvmTrainer(SvmTrainer&&) noexcept = default;

Svm SvmTrainer::train(std::span<const int> rows, std::span<const std::int64_t> positive, double c,
                      double tolerance) const {
  PALIMPSEST_REQUIRE(!rows.empty() && c > 0 && tolerance > 0, "{} rows, C = {}, tolerance = {}", rows.size(), c,
                     tolerance);
  std::vector<svm_node*> x;
  std::vector<double> y;
  for (const int row : rows) {
    x.push_back(nodes_->row(row));
    y.push_back(positive[std::size_t(row)] == 1 ? 1 : -1);
  }
  const bool one_class = std::all_of(y.begin(), y.end(), [&](double value) { return value == y[0]; });
  if (one_class) return {{}, {}, -y[0]};

  const svm_problem problem{int(rows.size()), y.data(), x.data()};
  svm_parameter parameter{};
  parameter.svm_type = C_SVC;
  parameter.kernel_type = PRECOMPUTED;
  parameter.cache_size = 100;
  parameter.eps = tolerance;
  parameter.C = c;
  parameter.shrinking = 1;
  if (const char* complaint = svm_check_parameter(&problem, &parameter)) throw ContractError(complaint);
  svm_model* model = svm_train(&problem, &parameter);

  // LIBSVM's decision is positive for the class it met first.
  const double sign = model->label[0] == 1 ? 1 : -1;
  Svm svm;
  svm.rho = sign * model->rho[0];
  for (int k = 0; k < model->l; ++k) {
    svm.support.push_back(rows[std::size_t(model->sv_indices[k] - 1)]);
    svm.coefficients.push_back(sign * model->sv_coef[0][k]);
  }
  svm_free_and_destroy_model(&model);
  return svm;
}

}  // namespace palimpsest
